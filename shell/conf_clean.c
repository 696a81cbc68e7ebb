/*
 * What stands before the parser of shell/conf.c: nothing but plain text, and no comments, since the
 * library miscounts lines after them. Must never move a byte: line numbers are for people.
 */
#include <string.h>

#include "arena.h"
#include "shell/conf.h"
#include "text.h"
#include "banned.h"

/* Plain text only: the parser below was not written for anything else. */
static int
check_text(const char *file, const char *text, size_t len, struct err *e)
{
	size_t i, used;
	int line = 1;
	int32_t c;

	if (len > CONF_MAX_BYTES)
		return err_set(e, ERR_CONFIG, "%s is longer than %d bytes; it was not read", file,
		    CONF_MAX_BYTES);
	for (i = 0; i < len; i += used) {
		c = text_rune((const unsigned char *)text + i, len - i, &used);
		if (c < 0 || (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
			return err_set(e, ERR_CONFIG,
			    "%s:%d: byte 0x%02x is no text; expected plain UTF-8 without control "
			    "characters",
			    file, line, (unsigned char)text[i]);
		line += c == '\n';
	}
	return 0;
}

static size_t
blank(char *s, size_t from, size_t to)
{
	for (; from < to; from++)
		if (s[from] != '\n')
			s[from] = ' ';
	return to;
}

static size_t
end_of_line(const char *s, size_t i)
{
	return i + strcspn(s + i, "\n");
}

/* Behind the closing quote, or at the end of the text. */
static size_t
end_of_string(const char *s, size_t i)
{
	char quote = s[i++];

	while (s[i] != '\0' && s[i] != quote)
		i += s[i] == '\\' && s[i + 1] != '\0' ? 2 : 1;
	return s[i] == '\0' ? i : i + 1;
}

/* Two slashes inside of a word are part of it, as in postgresql://host. */
static int
is_word_start(const char *s, size_t i)
{
	return i == 0 || strchr(" \t\r\n{}()=,+\"'", s[i - 1]) != NULL;
}

static int
blank_comments(const char *file, char *s, struct err *e)
{
	size_t i = 0;
	char *end;

	while (s[i] != '\0') {
		if (s[i] == '"' || s[i] == '\'') {
			i = end_of_string(s, i);
		} else if (s[i] == '#' || (s[i] == '/' && s[i + 1] == '/' && is_word_start(s, i))) {
			i = blank(s, i, end_of_line(s, i));
		} else if (s[i] == '/' && s[i + 1] == '*') {
			end = strstr(s + i + 2, "*/");
			if (end == NULL)
				return err_set(e, ERR_CONFIG,
				    "%s: a comment is still open at the end of the file; expected "
				    "*/",
				    file);
			i = blank(s, i, (size_t)(end + 2 - s));
		} else {
			i++;
		}
	}
	return 0;
}

int
conf_clean(
    struct arena *a, const char *file, const char *text, size_t len, char **out, struct err *e)
{
	if (check_text(file, text, len, e) != 0)
		return -1;
	*out = arena_strndup(a, text, len);
	return blank_comments(file, *out, e);
}
