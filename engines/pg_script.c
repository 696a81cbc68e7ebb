/*
 * Reading a dump's script: see pg_script.h. Where a statement ends is decided by the same scanner
 * that reads what people type. Must never take the end of a cut file for the end of a dump's rows.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/pg_lex.h"
#include "engines/pg_script.h"
#include "text.h"
#include "banned.h"

#define ROOM ((size_t)1 << 18)
#define ROOM_MAX ((size_t)1 << 30) /* a field has less than 1 GB */
#define SLICE_MS 300

void
script_init(struct dump_script *s, int fd, int pidfd, struct waiter *w)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->pidfd = pidfd;
	s->w = w;
	s->room = ROOM;
	s->buf = malloc(s->room);
	if (s->buf == NULL)
		abort();
}

void
script_free(struct dump_script *s)
{
	free(s->buf);
	s->buf = NULL;
}

/* A pipe nobody has opened yet looks like one that ended: who writes is asked, too. 1 read it. */
static int
can_read(struct dump_script *s, struct err *e)
{
	struct pollfd p = {.fd = s->pidfd, .events = POLLIN};
	int rc, was_over = 0;

	if (s->pidfd < 0)
		return 1;
	for (;;) {
		rc = s->w->wait(s->w, s->fd, POLLIN, now_ms() + (was_over ? 0 : SLICE_MS));
		if (rc < 0)
			return err_set(e, ERR_CANCELLED, "cancelled");
		if (rc == 1)
			return 1;
		if (was_over)
			return 0;
		was_over = poll(&p, 1, 0) == 1;
	}
}

static int
make_room(struct dump_script *s, struct err *e)
{
	if (s->at > 0) {
		memmove(s->buf, s->buf + s->at, s->have - s->at);
		s->have -= s->at;
		s->at = 0;
	}
	if (s->have < s->room)
		return 0;
	if (s->room >= ROOM_MAX)
		return err_set(e, ERR_FAILED, "the dump has a line or statement of more than 1 GB");
	s->room *= 2;
	s->buf = realloc(s->buf, s->room);
	if (s->buf == NULL)
		abort();
	return 0;
}

/* At least one more byte, unless nothing more comes. */
static int
fill(struct dump_script *s, struct err *e)
{
	ssize_t n;
	int rc;

	if (make_room(s, e) < 0)
		return -1;
	do {
		if ((rc = can_read(s, e)) < 0)
			return -1;
		n = rc == 0 ? 0 : read(s->fd, s->buf + s->have, s->room - s->have);
	} while (n < 0 && (errno == EAGAIN || errno == EINTR));
	if (n < 0)
		return err_set(e, ERR_FAILED, "could not read the dump: %s", strerror(errno));
	s->is_over |= n == 0;
	s->have += (size_t)n;
	s->taken += n;
	return 0;
}

/* Whole lines of rows, up to the line that ends them. */
static int
next_rows(struct dump_script *s, enum script_piece *what, char **text, size_t *len, struct err *e)
{
	char *p, *end, *stop;

	while (s->at == s->have || (end = memrchr(s->buf + s->at, '\n', s->have - s->at)) == NULL) {
		if (s->is_over)
			return err_set(
			    e, ERR_FAILED, "the dump ends in the middle of its rows: it was cut");
		if (fill(s, e) < 0)
			return -1;
	}
	p = s->buf + s->at;
	*what = SCRIPT_ROWS;
	*text = p;
	if (end - p >= 2 && memcmp(p, "\\.\n", 3) == 0) {
		s->at += 3;
		s->in_rows = 0;
		*what = SCRIPT_ROWS_END;
		*len = 0;
		return 0;
	}
	stop = memmem(p, (size_t)(end - p) + 1, "\n\\.\n", 4);
	*len = (size_t)((stop == NULL ? end : stop) - p) + 1;
	s->at += *len;
	return 0;
}

/* Blanks, and lines that are no SQL: comments, and what psql alone understands. 1: a remark. */
static int
next_remark(struct dump_script *s, char **text, size_t *len, struct err *e)
{
	char *p, *end;

	for (;;) {
		while (s->at < s->have && strchr(" \t\r\n", s->buf[s->at]) != NULL &&
		       s->buf[s->at] != '\0')
			s->at++;
		if (s->at + 2 > s->have) {
			if (s->is_over)
				return 0;
			if (fill(s, e) < 0)
				return -1;
			continue;
		}
		p = s->buf + s->at;
		if (p[0] != '\\' && (p[0] != '-' || p[1] != '-'))
			return 0;
		end = memchr(p, '\n', s->have - s->at);
		if (end == NULL && !s->is_over) {
			if (fill(s, e) < 0)
				return -1;
			continue;
		}
		*text = p;
		*len = end == NULL ? s->have - s->at : (size_t)(end - p);
		s->at += *len;
		return 1;
	}
}

static int
is_copy(const char *text, size_t len)
{
	static const char end[] = " FROM stdin";
	size_t n = sizeof(end) - 1;

	return len > 5 + n && memcmp(text, "COPY ", 5) == 0 && memcmp(text + len - n, end, n) == 0;
}

int
script_next(struct dump_script *s, enum script_piece *what, char **text, size_t *len, struct err *e)
{
	const struct lexical lx = {.standard_conforming_strings = 1};
	struct scan scan;
	size_t tried;
	int rc;

	if (s->in_rows)
		return next_rows(s, what, text, len, e);
	if ((rc = next_remark(s, text, len, e)) != 0) {
		*what = SCRIPT_REMARK;
		return rc < 0 ? -1 : 0;
	}
	*what = SCRIPT_END;
	*text = NULL;
	*len = 0;
	for (;;) {
		tried = s->have - s->at;
		pg_scan(s->buf + s->at, tried, &lx, &scan);
		if (scan.state == SCAN_COMPLETE || s->is_over)
			break;
		/* Twice as much before it is scanned again: long statements stay linear. */
		while (!s->is_over && s->have - s->at < 2 * tried)
			if (fill(s, e) < 0)
				return -1;
	}
	if (scan.state == SCAN_EMPTY || tried == 0)
		return 0;
	if (scan.state != SCAN_COMPLETE)
		return err_set(
		    e, ERR_FAILED, "the dump ends in the middle of a statement: it was cut");
	/* The line's end belongs to it: behind that, rows may begin. */
	if (scan.end == tried && !s->is_over && fill(s, e) < 0)
		return -1;
	*what = SCRIPT_STATEMENT;
	*text = s->buf + s->at;
	*len = scan.len;
	s->at += scan.end;
	if (s->at < s->have && s->buf[s->at] == '\n')
		s->at++;
	if (is_copy(*text, *len)) {
		*what = SCRIPT_COPY;
		s->in_rows = 1;
	}
	return 0;
}
