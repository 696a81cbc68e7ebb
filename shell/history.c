/*
 * The history file: one entry a line, newlines and odd bytes masked, 0600, never through a link.
 * Must never write what could be a secret, nor read or write a file that somebody else owns.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>

#include "arena.h"
#include "buf.h"
#include "text.h"
#include "shell/history.h"
#include "shell/line.h"
#include "banned.h"

#define ENTRIES_MAX 5000
#define ENTRY_MAX ((size_t)32 << 10)
#define FILE_MAX ((size_t)2 << 20)
#define KEEP_MAX ((size_t)1 << 20) /* what is left of a file that grew past FILE_MAX */
#define NEWLINE "\xef\x9c\x8a"	   /* '\n' as line_mask would write it */

/* Opens our own regular file, nobody else's; makes it private where it is not. */
static int
open_own(const char *file, int flags)
{
	int fd = open(file, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    st.st_nlink == 1 && ((st.st_mode & 0177) == 0 || fchmod(fd, 0600) == 0))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

/* Case-insensitive, in bytes that may hold NUL. */
static const char *
find(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word), i;

	for (i = 0; n <= len && i <= len - n; i++)
		if (strncasecmp(s + i, word, n) == 0)
			return s + i;
	return NULL;
}

/* scheme://user:password@host */
static int
has_userinfo(const char *s, size_t len)
{
	const char *p, *end = s + len, *q;

	for (p = s; (p = find(p, (size_t)(end - p), "://")) != NULL;) {
		p += 3;
		for (q = p; q < end && !isspace((unsigned char)*q) && *q != '/' && *q != '\''; q++)
			if (*q == '@' && memchr(p, ':', (size_t)(q - p)) != NULL)
				return 1;
	}
	return 0;
}

int
history_is_secret(const char *text, size_t len)
{
	static const char *const words[] = {"password", "passwd", "passphrase", "secret",
	    "identified by", "identified with", "pgpassword", "mysql_pwd",
	    "pwd=", "pass=", "pw=", "token", "credential", "private key", "api_key", "apikey",
	    "access_key", "scram-sha-256$", "pgp_sym_", "encrypt(", "crypt(", NULL};
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		if (find(text, len, words[i]) != NULL)
			return 1;
	return has_userinfo(text, len);
}

/* The last bytes of the file, from the start of a line. */
static char *
read_tail(struct arena *a, int fd, size_t max)
{
	struct stat st;
	size_t size, n = 0;
	ssize_t did;
	char *s, *nl;

	if (fstat(fd, &st) != 0 || st.st_size <= 0)
		return NULL;
	size = (size_t)st.st_size > max ? max : (size_t)st.st_size;
	if (lseek(fd, st.st_size - (off_t)size, SEEK_SET) < 0)
		return NULL;
	s = arena_alloc(a, size + 1);
	while (n < size && (did = read(fd, s + n, size - n)) > 0)
		n += (size_t)did;
	s[n] = '\0';
	if ((size_t)st.st_size <= max)
		return s;
	nl = strchr(s, '\n');
	return nl == NULL ? NULL : nl + 1;
}

static void
remember(struct arena *a, const char *line, size_t n)
{
	struct buf b;
	const char *end = line + n, *nl;
	size_t len;
	char *raw;

	buf_init(&b, ENTRY_MAX * 3);
	while ((nl = memmem(line, (size_t)(end - line), NEWLINE, 3)) != NULL) {
		buf_add(&b, line, (size_t)(nl - line));
		buf_add(&b, "\n", 1);
		line = nl + 3;
	}
	buf_add(&b, line, (size_t)(end - line));
	/* Somebody may have written to the file: what is odd is masked again. */
	raw = line_unmask(a, buf_str(&b), &len);
	if (!b.overflow && len > 0)
		add_history(line_mask(a, raw, len));
	buf_free(&b);
}

/* Too large a file is replaced by its end: a new file beside it, then rename. */
static void
shrink(const char *file, const char *tail)
{
	struct arena *a = arena_new();
	char *name = arena_printf(a, "%s.XXXXXX", file);
	size_t n = strlen(tail);
	int fd = mkstemp(name); /* 0600 */

	if (fd >= 0) {
		if (write(fd, tail, n) != (ssize_t)n || close(fd) != 0 || rename(name, file) != 0)
			unlink(name);
	}
	arena_free(a);
}

int
history_load(const char *file, const char **why)
{
	struct arena *a;
	struct stat st;
	char *s, *nl;
	int fd;

	using_history();
	stifle_history(ENTRIES_MAX);
	*why = NULL;
	if (file == NULL)
		return -1;
	fd = open_own(file, O_RDONLY);
	if (fd < 0) {
		if (errno == ENOENT)
			return 0;
		*why = errno == ELOOP	? "it is a symbolic link"
		       : errno == EPERM ? "it is not a private file of yours"
					: strerror(errno);
		return -1;
	}
	a = arena_new();
	s = read_tail(a, fd, KEEP_MAX);
	if (s != NULL && fstat(fd, &st) == 0 && (size_t)st.st_size > FILE_MAX)
		shrink(file, s);
	close(fd);
	for (; s != NULL && *s != '\0'; s = nl + 1) {
		nl = strchr(s, '\n');
		remember(a, s, nl == NULL ? strlen(s) : (size_t)(nl - s));
		if (nl == NULL)
			break;
	}
	arena_free(a);
	return 0;
}

/* The directories above the file, ours alone where they are new. */
static void
make_parents(char *file)
{
	char *slash;

	for (slash = strchr(file + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(file, 0700);
		*slash = '/';
	}
}

/* One write of one line, so that two shells never mix theirs. */
static void
append(struct arena *a, const char *file, const char *masked)
{
	struct buf b;
	const char *nl;
	int fd;

	buf_init(&b, ENTRY_MAX * 4);
	for (; (nl = strchr(masked, '\n')) != NULL; masked = nl + 1) {
		buf_add(&b, masked, (size_t)(nl - masked));
		buf_puts(&b, NEWLINE);
	}
	buf_puts(&b, masked);
	buf_puts(&b, "\n");
	fd = open_own(file, O_WRONLY | O_APPEND | O_CREAT);
	if (fd < 0 && errno == ENOENT) {
		make_parents(arena_strdup(a, file));
		fd = open_own(file, O_WRONLY | O_APPEND | O_CREAT);
	}
	if (fd >= 0) {
		/* Losing a line of history is no error. */
		if (!b.overflow && write(fd, buf_str(&b), b.len) < 0)
			errno = 0;
		close(fd);
	}
	buf_free(&b);
}

void
history_keep(const char *file, const char *text, size_t len)
{
	struct arena *a;
	HIST_ENTRY *last;
	char *masked;

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	if (len == 0 || len > ENTRY_MAX)
		return;
	a = arena_new();
	masked = line_mask(a, text, len);
	last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
	if (last == NULL || strcmp(last->line, masked) != 0) {
		add_history(masked);
		if (file != NULL && !history_is_secret(text, len))
			append(a, file, masked);
	}
	arena_free(a);
}
