/*
 * Typed text: command or SQL, finished or not. Scanning belongs to the engine; here is only what a
 * line, a paste and a stream mean. Must stay linear in the text, and must never change a byte of
 * it.
 */
#include <string.h>

#include "command.h"
#include "shell/line.h"
#include "banned.h"

#define BLANKS " \t\r\n\f\v"
#define VERB_MAX 32

static size_t
blanks(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && s[i] != '\0' && strchr(BLANKS, s[i]) != NULL)
		i++;
	return i;
}

int
line_is_command(const char *text, size_t len)
{
	char word[VERB_MAX + 1];
	size_t i = blanks(text, len), n = 0;

	if (i < len && text[i] == '\\')
		return 1;
	while (i + n < len && text[i + n] != '\0' && strchr(BLANKS ";", text[i + n]) == NULL)
		n++;
	if (n == 0 || n > VERB_MAX)
		return 0;
	memcpy(word, text + i, n);
	word[n] = '\0';
	return command_find(word) != NULL;
}

/*
 * Text from a chat, an answer or a request, starts with its mark, which is a comment to SQL, and
 * ends with its own; never a part of a statement.
 */
static int
is_armor(const char *text, size_t len, enum line_need *need)
{
	static const char begin[] = "-----BEGIN HOLDFAST ", end[] = "\n-----END HOLDFAST ";
	size_t skip = blanks(text, len);

	if (len - skip < sizeof(begin) - 1 || memcmp(text + skip, begin, sizeof(begin) - 1) != 0)
		return 0;
	*need = memmem(text, len, end, sizeof(end) - 1) != NULL ? LINE_WHOLE : LINE_MORE;
	return 1;
}

enum line_need
line_judge(const struct engine *g, const struct lexical *lx, const char *text, size_t len,
    size_t *from, char *in)
{
	struct scan s;
	int any = *from > 0;
	enum line_need need;

	if (!any && is_armor(text, len, &need)) {
		*in = 'p';
		return need;
	}
	for (;;) {
		memset(&s, 0, sizeof(s));
		g->scan(text + *from, len - *from, lx, &s);
		*in = s.in;
		if (s.state == SCAN_EMPTY)
			return any ? LINE_WHOLE : LINE_EMPTY;
		if (s.state == SCAN_INCOMPLETE || s.end == 0)
			return LINE_MORE;
		*from += s.end;
		any = 1;
	}
}

/* Length of the line at s with its newline; 0 where it has none yet. */
static size_t
whole_line(const char *s, size_t len, int is_end)
{
	const char *nl = memchr(s, '\n', len);

	if (nl != NULL)
		return (size_t)(nl - s) + 1;
	return is_end ? len : 0;
}

/* Leading comments are a unit of their own: a verb may stand below them. 0 where there are none. */
static size_t
leading_comment(const struct engine *g, const struct lexical *lx, const char *text, size_t len,
    size_t line, int is_end)
{
	size_t skip = blanks(text, line), more;
	const char *close;
	struct scan s;

	if (len - skip >= 2 && text[skip] == '/' && text[skip + 1] == '*') {
		close = memmem(text + skip, len - skip, "*/", 2);
		if (close == NULL)
			return 0;
		line = (size_t)(close - text);
		more = whole_line(text + line, len - line, is_end);
		if (more == 0)
			return 0;
		line += more;
	}
	memset(&s, 0, sizeof(s));
	g->scan(text, line, lx, &s);
	return s.state == SCAN_EMPTY ? line : 0;
}

/* Where the first finished text ends, at the end of a line. */
static enum line_need
sql_unit(const struct engine *g, const struct lexical *lx, const char *text, size_t len, int is_end,
    size_t *unit)
{
	struct scan s;
	size_t at = 0, line;

	while (at < len) {
		memset(&s, 0, sizeof(s));
		g->scan(text + at, len - at, lx, &s);
		if (s.state == SCAN_EMPTY) {
			*unit = len;
			return is_end ? LINE_WHOLE : LINE_MORE;
		}
		if (s.state == SCAN_INCOMPLETE || s.end == 0)
			return LINE_MORE;
		at += s.end;
		line = whole_line(text + at, len - at, is_end);
		if (line > 0 && blanks(text + at, line) == line) {
			*unit = at + line;
			return LINE_WHOLE;
		}
		if (line > 0 && leading_comment(g, lx, text + at, len - at, line, is_end) == line) {
			*unit = at + line;
			return LINE_WHOLE;
		}
	}
	*unit = at;
	return is_end ? LINE_WHOLE : LINE_MORE;
}

enum line_need
line_unit(const struct engine *g, const struct lexical *lx, const char *text, size_t len,
    int is_end, size_t *unit)
{
	size_t line = whole_line(text, len, is_end), comment;

	*unit = line;
	if (line == 0)
		return LINE_MORE;
	if (line_is_command(text, line))
		return LINE_WHOLE;
	if (blanks(text, line) == line)
		return LINE_EMPTY;
	comment = leading_comment(g, lx, text, len, line, is_end);
	if (comment > 0) {
		*unit = comment;
		return LINE_EMPTY;
	}
	return sql_unit(g, lx, text, len, is_end, unit);
}
