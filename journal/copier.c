/*
 * The helper that writes the second copy: reads what the writer made durable, from the file
 * itself, and appends it to a file of its own. A copy that failed once is not written again; a new
 * one takes its place, and the failed one goes when the new one holds more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "place.h"
#include "text.h"
#include "banned.h"

struct copier {
	const char *dir;
	char file[4096];    /* that is copied */
	char name[300];	    /* of the copy; "" none yet */
	char failed[300];   /* copy to be taken away */
	int src, dirfd, fd; /* -1 */
	unsigned again;
	uint64_t bytes, records;
	char why[256];
};

static int
fail(struct copier *c, const char *what)
{
	int error = errno;

	snprintf(c->why, sizeof(c->why), "could not %s: %s", what, strerror(error));
	return -1;
}

static void
drop(struct copier *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->dirfd >= 0)
		close(c->dirfd);
	c->fd = c->dirfd = -1;
	if (c->name[0] != '\0')
		text_copy(c->failed, sizeof(c->failed), c->name);
	c->name[0] = '\0';
	c->bytes = c->records = 0;
}

static void
other_file(struct copier *c, const char *file)
{
	if (c->fd >= 0)
		fchmod(c->fd, 0400);
	c->name[0] = '\0';
	drop(c);
	if (c->src >= 0)
		close(c->src);
	c->src = -1;
	c->again = 0;
	c->failed[0] = '\0';
	text_copy(c->file, sizeof(c->file), file);
}

/* NAME.jsonl, then NAME.copy1.jsonl and so on, as none is written twice. */
static int
start(struct copier *c)
{
	const char *base = strrchr(c->file, '/');
	struct err e = {0};
	int n;

	base = base == NULL ? c->file : base + 1;
	n = (int)strlen(base) - 6;
	if (n < 1 || n > 200)
		return -1;
	if (c->src < 0)
		c->src = open(c->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (c->src < 0)
		return fail(c, "read the journal");
	c->dirfd = jplace_open(c->dir, &e);
	if (c->dirfd < 0) {
		text_copy(c->why, sizeof(c->why), e.msg);
		return -1;
	}
	if (c->again == 0)
		snprintf(c->name, sizeof(c->name), "%s", base);
	else
		snprintf(c->name, sizeof(c->name), "%.*s.copy%u.jsonl", n, base, c->again);
	c->again++;
	c->fd = jplace_create(c->dirfd, c->dir, c->name, &e);
	if (c->fd >= 0)
		return 0;
	text_copy(c->why, sizeof(c->why), e.msg);
	c->name[0] = '\0';
	return -1;
}

static int
write_all(struct copier *c, const char *p, size_t n)
{
	ssize_t w;

	while (n > 0) {
		w = write(c->fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return fail(c, "write it");
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static int
copy(struct copier *c, uint64_t upto)
{
	char buf[65536];
	struct stat st;
	ssize_t n;

	if (fstat(c->fd, &st) != 0 || (uint64_t)st.st_size != c->bytes || st.st_nlink == 0) {
		text_copy(c->why, sizeof(c->why), "somebody else changed or removed it");
		return -1;
	}
	while (c->bytes < upto) {
		n = pread(c->src, buf,
		    upto - c->bytes < sizeof(buf) ? (size_t)(upto - c->bytes) : sizeof(buf),
		    (off_t)c->bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(c, "read the journal");
		if (write_all(c, buf, (size_t)n) != 0)
			return -1;
		c->bytes += (uint64_t)n;
	}
	if (fdatasync(c->fd) != 0 || fsync(c->dirfd) != 0)
		return fail(c, "sync it");
	return 0;
}

static void
serve(struct copier *c, const struct copy_ask *ask)
{
	c->why[0] = '\0';
	if (strcmp(ask->file, c->file) != 0)
		other_file(c, ask->file);
	if ((c->fd < 0 && start(c) != 0) || copy(c, ask->bytes) != 0) {
		drop(c);
		return;
	}
	c->records = ask->records;
	if (c->failed[0] != '\0')
		unlinkat(c->dirfd, c->failed, 0);
	c->failed[0] = '\0';
}

void
copier_run(int sock, const char *dir)
{
	struct copier c = {.dir = dir, .src = -1, .dirfd = -1, .fd = -1};
	struct copy_answer answer;
	struct copy_ask ask;
	ssize_t n;

	for (;;) {
		n = recv(sock, &ask, sizeof(ask), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(ask))
			break;
		ask.file[sizeof(ask.file) - 1] = '\0';
		serve(&c, &ask);
		memset(&answer, 0, sizeof(answer));
		answer.bytes = c.bytes;
		answer.records = c.records;
		text_copy(answer.why, sizeof(answer.why), c.why);
		if (send(sock, &answer, sizeof(answer), MSG_NOSIGNAL) != (ssize_t)sizeof(answer))
			break;
	}
	other_file(&c, "");
}
