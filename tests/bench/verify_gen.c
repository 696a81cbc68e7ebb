/*
 * verify-gen DIR BYTES		a sealed journal of at least so many bytes, records of about 500
 * verify-gen DIR append	time of 300 durable appends over that of as many bare
 *write+fdatasync of the same size into a file beside it, taken in turns
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* What a statement at the prompt leaves: input, begin, outcome, output. */
static int
fill(struct journal *j, long bytes)
{
	static char text[301];
	struct err e;
	long i, n = bytes / 500;

	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i < n; i += 4)
		if (journal_add(j, "input", json_pack("{s:s}", "text", text), &e) != 0 ||
		    journal_add(j, "begin",
			json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:[s#]}", "plan", "p1", "step", (int)i,
			    "part", "main", "kind", "statement", "node", "pg1", "identity",
			    "7300000000000000000", "texts", text, 190),
			&e) != 0 ||
		    journal_add(j, "outcome",
			json_pack("{s:s,s:i,s:b,s:s,s:s,s:i,s:i,s:s#}", "plan", "p1", "step",
			    (int)i, "ok", 1, "sqlstate", "00000", "tag", "SELECT 1", "rows", 1,
			    "ms", 3, "text", text, 240),
			&e) != 0 ||
		    journal_add(
			j, "output", json_pack("{s:s,s:i}", "head", text, "bytes", 300), &e) != 0 ||
		    (i % 1000 == 0 && journal_sync(j, &e) != 0)) {
			fprintf(stderr, "verify-gen: %s\n", e.msg);
			return 1;
		} else if (i % 1000 == 0) {
			journal_tick(j); /* checkpoints as in any session */
		}
	return 0;
}

static int
append(struct journal *j, const char *dir)
{
	char line[500], *file = NULL;
	double t, ours = 0, bare = 0;
	struct err e;
	int i, fd, r = 0;

	if (asprintf(&file, "%s/bare", dir) < 0 ||
	    (fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600)) < 0)
		return 1;
	memset(line, 'x', sizeof(line));
	line[330] = '\0';
	for (i = 0; i < 300; i++) {
		t = seconds();
		r |= journal_put(j, "note", json_pack("{s:s}", "text", line), &e) != 0;
		ours += seconds() - t;
		t = seconds();
		r |= write(fd, line, sizeof(line)) < 0 || fdatasync(fd) != 0;
		bare += seconds() - t;
	}
	close(fd);
	unlink(file);
	free(file);
	printf("%.4f\n", ours / bare);
	return r;
}

int
main(int argc, char **argv)
{
	struct journal_setup s = {.dirs = (const char *const *)argv + 1,
	    .ndirs = 1,
	    .person = "alice",
	    .cluster = "shop",
	    .operators_file = "",
	    .policy_digest = ""};
	struct session_key *key;
	struct journal *j;
	struct err e = {0};
	int r;

	if (argc != 3)
		return 2;
	if (session_key_new(&key, &e) != 0)
		return 1;
	s.key = key;
	if (journal_open(&s, &j, &e) != 0) {
		fprintf(stderr, "verify-gen: %s\n", e.msg);
		return 1;
	}
	r = strcmp(argv[2], "append") == 0 ? append(j, argv[1])
					   : fill(j, strtol(argv[2], NULL, 10));
	journal_close(j);
	session_key_free(key);
	return r;
}
