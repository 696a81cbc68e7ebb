/* A scratch directory with a message, and what the tests of signatures share. */
#ifndef SSHSIG_LAB_H
#define SSHSIG_LAB_H

#include <fcntl.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "hash.h"
#include "journal/sshsig_key.h"
#include "sshsig.h"

#define MSG "holdfast-approval-v1\ndecision: approve\n"

struct lab {
	struct arena *a;
	char dir[64];
};

static inline int
sh(const struct lab *l, const char *command)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(l->dir) == -1)
			_exit(125);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(126);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void
put(const struct lab *l, const char *name, const void *p, size_t n)
{
	FILE *f = fopen(arena_printf(l->a, "%s/%s", l->dir, name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static inline char *
get(const struct lab *l, const char *name, size_t *n)
{
	FILE *f = fopen(arena_printf(l->a, "%s/%s", l->dir, name), "r");
	char *p = arena_alloc(l->a, 65536);

	assert_non_null(f);
	*n = fread(p, 1, 65535, f);
	fclose(f);
	return p;
}

static inline int
setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	l->a = arena_new();
	snprintf(l->dir, sizeof(l->dir), "/tmp/sshsig.XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	put(l, "msg", MSG, strlen(MSG));
	*state = l;
	return 0;
}

static inline int
teardown(void **state)
{
	struct lab *l = *state;

	sh(l, "rm -rf \"$PWD\"");
	arena_free(l->a);
	free(l);
	return 0;
}

static inline int
holds(struct arena *a, const char *base64, size_t len, const char *ns, const char *msg)
{
	struct sshsig s;
	struct err e = {0};
	int rc = sshsig_verify(a, base64, len, ns, msg, strlen(msg), &s, &e);

	if (rc == -1)
		assert_int_equal(e.code, ERR_SIGNATURE);
	return rc == 0;
}

/* Every bit of the blob, flipped on its own, must break it. */
static inline void
assert_every_bit_counts(struct arena *a, const char *base64)
{
	size_t n, i;
	uint8_t *blob = base64_decode(a, base64, strlen(base64), &n);
	struct arena *tmp;
	char *mutant;

	assert_non_null(blob);
	for (i = 0; i < n * 8; i++) {
		blob[i / 8] ^= (uint8_t)(1 << i % 8);
		tmp = arena_new();
		mutant = base64_encode(tmp, blob, n);
		if (holds(tmp, mutant, strlen(mutant), NS_APPROVAL, MSG))
			fail_msg("bit %zu of %zu does not count", i, n * 8);
		arena_free(tmp);
		blob[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

#endif
