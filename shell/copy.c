/*
 * \copy WHAT FROM|TO 'FILE' [OPTIONS]: becomes COPY WHAT FROM STDIN or TO STDOUT, which is judged,
 * planned and run like the same text typed; only its rows come from or go to a file of this
 * machine. Must never overwrite a file, and never start a program.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "text.h"
#include "shell/app.h"
#include "shell/files.h"
#include "shell/out.h"
#include "banned.h"

struct copy {
	const char *what;
	size_t what_len;
	int is_from;
	char *file;
	const char *options;
};

struct source {
	int fd;
	int64_t bytes;
	int is_touched;
};

/* Behind a quoted part, a parenthesis or one byte. Quotes are doubled inside themselves. */
static const char *
step_over(const char *s)
{
	char q = *s;
	int depth = 0;

	if (q == '\'' || q == '"') {
		for (s++; *s != '\0' && !(*s == q && s[1] != q); s++)
			s += *s == q;
		return *s == '\0' ? s : s + 1;
	}
	if (q != '(')
		return s + 1;
	do {
		if (*s == '\'' || *s == '"') {
			s = step_over(s);
			continue;
		}
		depth += (*s == '(') - (*s == ')');
		s++;
	} while (depth > 0 && *s != '\0');
	return s;
}

static int
is_word(const char *s, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(s, word, n) == 0 && !isalnum((unsigned char)s[n]) && s[n] != '_';
}

/* The file's name: between quotes, doubled inside, or one word. */
static const char *
take_file(struct arena *a, const char *s, char **out)
{
	const char *end;
	size_t n = 0;

	if (*s != '\'') {
		end = s + strcspn(s, " \t");
		*out = arena_strndup(a, s, (size_t)(end - s));
		return end;
	}
	end = step_over(s);
	*out = arena_alloc(a, (size_t)(end - s) + 1);
	for (s++; s < end - 1; s++) {
		(*out)[n++] = *s;
		s += *s == '\'';
	}
	(*out)[n] = '\0';
	return end;
}

/* 0, or -1 where the line is not understood. */
static int
parse(struct arena *a, const char *s, struct copy *c)
{
	const char *start = s;

	while (*s != '\0' && !((s == start || isspace((unsigned char)s[-1]) || s[-1] == ')') &&
				 (is_word(s, "from") || is_word(s, "to"))))
		s = step_over(s);
	if (*s == '\0' || s == start)
		return -1;
	c->what = start;
	c->what_len = (size_t)(s - start);
	c->is_from = is_word(s, "from");
	s += c->is_from ? 4 : 2;
	s += strspn(s, " \t");
	if (*s == '\0' || is_word(s, "program") || is_word(s, "stdin") || is_word(s, "stdout") ||
	    is_word(s, "pstdin") || is_word(s, "pstdout"))
		return -1;
	c->options = take_file(a, s, &c->file);
	return c->file[0] == '\0' ? -1 : 0;
}

static int
feed_file(struct app *app, char *data, size_t size)
{
	struct source *s = app->feed_ctx;
	ssize_t n;

	s->is_touched = 1;
	do
		n = read(s->fd, data, size > INT32_MAX ? INT32_MAX : size);
	while (n < 0 && errno == EINTR);
	s->bytes += n > 0 ? n : 0;
	return (int)n;
}

static void
copy_from(struct app *app, struct arena *a, const struct copy *c, const char *text)
{
	struct source s = {.fd = open(c->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
	int (*feed)(struct app *, char *, size_t) = app->feed;
	void *ctx = app->feed_ctx;
	struct stat st;

	if (s.fd < 0 || fstat(s.fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		files_fail(app,
		    arena_printf(a, "%s could not be read: %s; nothing was copied", c->file,
			s.fd < 0 ? strerror(errno) : "it is no regular file"),
		    "Name a readable file.");
	} else {
		app->feed = feed_file;
		app->feed_ctx = &s;
		app_text(app, text, strlen(text));
		app->feed = feed;
		app->feed_ctx = ctx;
		if (s.is_touched && app->exit == 0)
			out_line(app, STYLE_DIM, "%s of %s were sent", text_bytes(a, s.bytes),
			    text_inert(a, c->file, strlen(c->file), 0));
		if (!s.is_touched && app->exit == 0)
			out_line(app, STYLE_BOLD,
			    "the file was not read: when this is run, it asks for the rows here");
	}
	if (s.fd >= 0)
		close(s.fd);
}

static void
copy_to(struct app *app, struct arena *a, const struct copy *c, const char *text)
{
	int fd = open(c->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	int bad;

	if (f == NULL) {
		files_fail(app,
		    arena_printf(a, "%s could not be made: %s; nothing was copied", c->file,
			strerror(errno)),
		    "Name a file that is not there yet: none is ever overwritten.");
		if (fd >= 0)
			close(fd);
		return;
	}
	app->copy_to = f;
	app_text(app, text, strlen(text));
	app->copy_to = NULL;
	bad = ferror(f);
	bad |= fclose(f) != 0;
	if (app->exit == 0 && !bad)
		return;
	unlink(c->file);
	if (app->exit == 0)
		files_fail(app,
		    arena_printf(a, "%s could not be written; what was there is removed", c->file),
		    "Is the disk full?");
}

void
files_copy(struct app *app, const char *argument)
{
	struct arena *a = arena_new();
	struct copy c = {0};
	char *text;

	if (parse(a, argument, &c) != 0) {
		files_fail(app,
		    "this shell copies between a table or query and a file, and starts no "
		    "program; nothing was read, written or run",
		    "\\copy TABLE|(QUERY) FROM|TO 'FILE' [OPTIONS]");
		arena_free(a);
		return;
	}
	text = arena_printf(a, "COPY %.*s %s%s", (int)c.what_len, c.what,
	    c.is_from ? "FROM STDIN" : "TO STDOUT", c.options);
	if (c.is_from)
		copy_from(app, a, &c, text);
	else
		copy_to(app, a, &c, text);
	arena_free(a);
}
