/*
 * Reading a journal file line by line, with one buffer of the longest line, and its last line
 * without reading the rest. Must never write, and never trust a size.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "banned.h"

#define BUFFER ((size_t)JOURNAL_LINE_MAX + 1)

void
jscan_init(struct jscan *s, int fd, off_t limit)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->limit = limit;
	s->buf = malloc(BUFFER);
	if (s->buf == NULL)
		abort();
}

void
jscan_free(struct jscan *s)
{
	free(s->buf);
	s->buf = NULL;
}

/* Moves what is left to the front and reads more. 1 got some, 0 end, -1 error. */
static int
fill(struct jscan *s)
{
	size_t room;
	ssize_t n;

	memmove(s->buf, s->buf + s->from, s->have);
	s->from = 0;
	room = BUFFER - s->have;
	/* A first read of 64 kB is enough for most; the whole buffer only for long lines. */
	if (s->have < 65536 && room > 65536)
		room = 65536;
	if ((off_t)room > s->limit - s->at)
		room = (size_t)(s->limit - s->at);
	if (room == 0)
		return 0;
	do
		n = pread(s->fd, s->buf + s->have, room, s->at);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		s->error = errno;
		return -1;
	}
	s->at += n;
	s->have += (size_t)n;
	return n > 0;
}

enum jscan_got
jscan_next(struct jscan *s, const char **line, size_t *len)
{
	size_t seen = 0;
	char *lf;
	int r;

	for (;;) {
		lf = memchr(s->buf + s->from + seen, '\n', s->have - seen);
		if (lf != NULL) {
			*line = s->buf + s->from;
			*len = (size_t)(lf - *line);
			s->from += *len + 1;
			s->have -= *len + 1;
			return JSCAN_LINE;
		}
		seen = s->have;
		if (s->have == BUFFER)
			return JSCAN_LONG;
		if ((r = fill(s)) < 0)
			return JSCAN_FAIL;
		if (r == 0)
			break;
	}
	*line = s->buf + s->from;
	*len = s->have;
	return s->have == 0 ? JSCAN_END : JSCAN_TAIL;
}

int
jfile_open(const char *file, off_t *size, int *is_live, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return err_set(
		    e, ERR_FAILED, "could not open the journal %s: %s", file, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(
		    e, ERR_FAILED, "could not read the journal %s: not a regular file", file);
	}
	/*
	 * The lock before the size: whatever a writer that is gone had written is then inside it.
	 * A lock of ours is given back at once; the writer waits a moment for its own.
	 */
	*is_live = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (!*is_live)
		flock(fd, LOCK_UN);
	if (fstat(fd, &st) != 0) {
		close(fd);
		return err_set(
		    e, ERR_FAILED, "could not read the journal %s: %s", file, strerror(errno));
	}
	*size = st.st_size;
	return fd;
}

int
jfile_last(struct arena *a, int fd, off_t size, struct jlast *out)
{
	size_t want = 8192, got = 0;
	char *buf = NULL, *lf, *start;
	ssize_t n;

	memset(out, 0, sizeof(*out));
	for (;;) {
		if ((off_t)want > size)
			want = (size_t)size;
		buf = arena_alloc(a, want + 1);
		for (got = 0; got < want; got += (size_t)n) {
			n = pread(fd, buf + got, want - got, size - (off_t)want + (off_t)got);
			if (n <= 0)
				return -1;
		}
		lf = memrchr(buf, '\n', got);
		start = lf == NULL ? NULL : memrchr(buf, '\n', (size_t)(lf - buf));
		if (start != NULL || (off_t)want == size || want >= 2 * BUFFER)
			break;
		want = want * 16 > 2 * BUFFER ? 2 * BUFFER : want * 16;
	}
	out->tail = lf == NULL ? buf : lf + 1;
	out->ntail = got - (size_t)(out->tail - buf);
	if (lf == NULL || (start == NULL && (off_t)want != size))
		return -1;
	out->line = start == NULL ? buf : start + 1;
	out->len = (size_t)(lf - out->line);
	return out->len <= JOURNAL_LINE_MAX ? 0 : -1;
}
