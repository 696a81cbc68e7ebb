/*
 * Words into shell text, in one place. Inside single quotes a POSIX shell takes every byte as it
 * is, but for the single quote itself; nothing else is relied on. Must never leave a byte of a
 * word outside of quotes.
 */
#include <string.h>

#include "engines/reach.h"
#include "banned.h"

static void
quote_word(struct buf *b, const char *s)
{
	size_t n;

	buf_puts(b, "'");
	for (;; s += n + 1) {
		n = strcspn(s, "'");
		buf_add(b, s, n);
		if (s[n] == '\0')
			break;
		buf_puts(b, "'\\''");
	}
	buf_puts(b, "'");
}

int
host_quote(struct buf *b, const char *const *argv, struct err *e)
{
	size_t i;

	for (i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			buf_puts(b, " ");
		quote_word(b, argv[i]);
	}
	if (b->overflow || i == 0 || i > HOST_ARGV_MAX)
		return err_set(e, ERR_USAGE,
		    "the command has no words, more than %d, or more than %d bytes; nothing was "
		    "run",
		    HOST_ARGV_MAX, HOST_LINE_MAX);
	return 0;
}

/* Nothing runs before the go: where the connection breaks earlier, nothing has happened. */
#define WRAPPER                                                                                    \
	"printf 'holdfast:%s\\n' \"$$\"; read -r go && [ \"$go\" = go ] || exit 125; "             \
	"exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C LC_ALL=C TZ=UTC \"$@\""

/* env(1) would take a first word with = for a setting, one with a dash for an option. */
static int
check_words(const char *const *argv, struct err *e)
{
	size_t n = 0;

	while (argv[n] != NULL)
		n++;
	if (n > 0 && n < HOST_ARGV_MAX - 10 && argv[0][0] != '\0' && argv[0][0] != '-' &&
	    strchr(argv[0], '=') == NULL)
		return 0;
	return err_set(
	    e, ERR_USAGE, "the command has no program's name, or too many words; nothing was run");
}

int
host_words(const char *const *argv, const char **out, struct err *e)
{
	static const char *const first[] = {"/usr/bin/env", "-i",
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", "LC_ALL=C", "TZ=UTC"};
	size_t n = sizeof(first) / sizeof(first[0]), i;

	if (check_words(argv, e) != 0)
		return -1;
	memcpy(out, first, sizeof(first));
	for (i = 0; argv[i] != NULL; i++)
		out[n++] = argv[i];
	out[n] = NULL;
	return 0;
}

static int
line(struct buf *b, const char *wrapper, const char *const *argv, struct err *e)
{
	const char *words[HOST_ARGV_MAX + 1] = {"/bin/sh", "-c", wrapper, "holdfast"};
	size_t n = 4, i;

	if (check_words(argv, e) != 0)
		return -1;
	for (i = 0; argv[i] != NULL; i++)
		words[n++] = argv[i];
	buf_puts(b, "exec ");
	return host_quote(b, words, e);
}

int
host_line(struct buf *b, const char *const *argv, struct err *e)
{
	return line(b, WRAPPER " </dev/null", argv, e);
}

int
host_line_fed(struct buf *b, const char *const *argv, struct err *e)
{
	return line(b, WRAPPER, argv, e);
}
