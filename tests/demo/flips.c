/*
 * flips FILE OPERATORS PART PARTS BITS: bits of every byte of a sealed journal turned over (8: all
 * of them, 1: another one from byte to byte), every line deleted, doubled and exchanged with its
 * neighbour, each verified as `journal verify --operators` does it, in this process. Prints what
 * was accepted; exit 0 only when nothing was, and the file itself still is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "banned.h"

struct probe {
	size_t part, parts; /* of the bytes: several processes share them */
	size_t bits;	    /* of each byte that are turned over, from the one its place names */
	const struct operators *operators;
	char *good;
	size_t len;
	int fd; /* a file in memory, verified under its name */
	char path[64];
	long tried[VERIFY_IO + 1], accepted;
};

static enum verify_code
verdict(const struct probe *p, const struct operators *who)
{
	struct arena *a = arena_new();
	struct verify_report r;
	struct err e = {0};
	int rc = journal_verify(a, p->path, who, &r, &e);

	arena_free(a);
	return rc != 0 ? VERIFY_IO : r.code;
}

static void
refused(struct probe *p, const char *what, size_t at)
{
	enum verify_code code = verdict(p, p->operators);

	p->tried[code]++;
	/* Only the last line feed's loss may look like a crash; nothing may look true. */
	if (code == VERIFY_TAMPERED || (code == VERIFY_CRASH && at == p->len - 1))
		return;
	printf("ACCEPTED with %d: %s at %zu\n", (int)code, what, at);
	p->accepted++;
}

static void
flip_all(struct probe *p)
{
	unsigned char c;
	size_t i, bit;

	for (i = p->part; i < p->len; i += p->parts) {
		for (bit = 0; bit < p->bits; bit++) {
			c = (unsigned char)p->good[i] ^
			    (unsigned char)(1U << (i / p->parts + bit) % 8);
			if (pwrite(p->fd, &c, 1, (off_t)i) != 1)
				abort();
			refused(p, "a bit flip", i);
		}
		if (pwrite(p->fd, p->good + i, 1, (off_t)i) != 1)
			abort();
	}
}

static void
whole(struct probe *p, const char *what, size_t at, const char *text, size_t len)
{
	if (ftruncate(p->fd, 0) != 0 || pwrite(p->fd, text, len, 0) != (ssize_t)len)
		abort();
	if (what != NULL)
		refused(p, what, at);
}

/* Every line removed, doubled, exchanged with the next. */
static void
move_lines(struct probe *p)
{
	char *out = malloc(2 * p->len + 1);
	size_t from, next, after, n;

	if (out == NULL)
		abort();
	for (from = 0; from < p->len; from = next) {
		next = (size_t)((char *)memchr(p->good + from, '\n', p->len - from) - p->good) + 1;
		memcpy(out, p->good, from);
		memcpy(out + from, p->good + next, p->len - next);
		if (next < p->len)
			whole(p, "a deleted line", from, out, p->len - (next - from));
		memcpy(out, p->good, next);
		memcpy(out + next, p->good + from, p->len - from);
		whole(p, "a doubled line", from, out, p->len + (next - from));
		if (next >= p->len)
			break;
		after = (size_t)((char *)memchr(p->good + next, '\n', p->len - next) - p->good) + 1;
		n = after - next;
		memcpy(out, p->good, from);
		memcpy(out + from, p->good + next, n);
		memcpy(out + from + n, p->good + from, next - from);
		memcpy(out + after, p->good + after, p->len - after);
		whole(p, "two exchanged lines", from, out, p->len);
	}
	free(out);
}

static int
load(struct probe *p, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size <= 0)
		return -1;
	p->len = (size_t)st.st_size;
	p->good = malloc(p->len);
	if (p->good == NULL || read(fd, p->good, p->len) != st.st_size)
		return -1;
	close(fd);
	snprintf(p->path, sizeof(p->path), "/dev/shm/hf-flips-%ld", (long)getpid());
	p->fd = open(p->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return p->fd < 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct probe p = {.fd = -1};
	struct arena *a = arena_new();
	struct operators who;
	struct err e = {0};
	int rc = 1;

	if (argc != 6 || strtoul(argv[4], NULL, 10) == 0 || strtoul(argv[5], NULL, 10) - 1 > 7 ||
	    operators_load(a, argv[2], &who, &e) != 0 || load(&p, argv[1]) != 0) {
		fprintf(stderr, "usage: flips FILE OPERATORS PART PARTS BITS (%s)\n", e.msg);
		return 2;
	}
	p.operators = &who;
	p.part = strtoul(argv[3], NULL, 10);
	p.parts = strtoul(argv[4], NULL, 10);
	p.bits = strtoul(argv[5], NULL, 10);
	whole(&p, NULL, 0, p.good, p.len);
	if (verdict(&p, &who) == VERIFY_SEALED && verdict(&p, NULL) == VERIFY_UNTRUSTED) {
		flip_all(&p);
		if (p.part == 0)
			move_lines(&p);
		whole(&p, NULL, 0, p.good, p.len);
		rc = p.accepted > 0 || p.tried[VERIFY_TAMPERED] == 0 ||
		     verdict(&p, &who) != VERIFY_SEALED;
	}
	printf("%zu bytes: tampered %ld, torn tail %ld, accepted %ld\n", p.len,
	    p.tried[VERIFY_TAMPERED], p.tried[VERIFY_CRASH], p.accepted);
	unlink(p.path);
	free(p.good);
	arena_free(a);
	return rc;
}
