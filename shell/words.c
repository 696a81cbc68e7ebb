/*
 * A command line as words: see words.h. Must never expand anything.
 */
#include <string.h>

#include "arena.h"
#include "shell/words.h"
#include "banned.h"

/* One word from s[*i] on, without its quotes; -1 where a quote stays open. */
static int
one_word(const char *s, size_t n, size_t *i, char *out)
{
	char quote = 0;
	size_t o = 0;

	for (; *i < n && (quote || strchr(" \t\r\n", s[*i]) == NULL); (*i)++) {
		if (quote == 0 && (s[*i] == '\'' || s[*i] == '"'))
			quote = s[*i];
		else if (s[*i] == quote)
			quote = 0;
		else if (s[*i] == '\\' && quote != '\'' && *i + 1 < n && o > 0)
			out[o++] = s[++*i];
		else
			out[o++] = s[*i];
	}
	out[o] = '\0';
	return quote == 0 ? 0 : -1;
}

int
words_split(struct arena *a, const char *line, size_t len, int *argc, char ***argv, struct err *e)
{
	char *word = arena_alloc(a, len + 1);
	size_t i = 0;

	/* Fingers that type SQL end everything with it. */
	while (len > 0 && strchr(" \t\r\n;", line[len - 1]) != NULL && line[len - 1] != '\0')
		len--;
	*argv = arena_array(a, WORDS_MAX + 1, sizeof(**argv));
	for (*argc = 0;; (*argc)++) {
		while (i < len && strchr(" \t\r\n", line[i]) != NULL && line[i] != '\0')
			i++;
		if (i >= len || line[i] == '\0')
			return 0;
		if (*argc == WORDS_MAX)
			return err_set(
			    e, ERR_USAGE, "more than %d words; nothing was done", WORDS_MAX);
		if (one_word(line, len, &i, word) != 0)
			return err_set(e, ERR_USAGE, "a quote is not closed; nothing was done");
		(*argv)[*argc] = arena_strdup(a, word);
	}
}
