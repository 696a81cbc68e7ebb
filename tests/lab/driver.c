/*
 * build/lab-driver: `lab up|down|status` with the arguments of `holdfast lab`, for tests that need
 * a cluster without the whole program.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "arena.h"
#include "lab.h"
#include "banned.h"

static int
usage(void)
{
	fprintf(stderr, "usage: lab-driver up [--engine postgresql] --shape SHAPE --dir DIR "
			"[--slots|--no-slots]\n"
			"                     [--rows N] [--user OSUSER] [--group OSGROUP] [--own "
			"alice=OSUSER,bob=OSUSER]\n"
			"       lab-driver down --dir DIR\n"
			"       lab-driver status [--dir DIR]\n"
			"shapes: single star:N cascade:N tree:N sync:N delayed\n");
	return 2;
}

static size_t
owners(char *text, struct lab_owner *out, size_t max)
{
	char *part, *eq;
	size_t n = 0;

	while (n < max && (part = strsep(&text, ",")) != NULL) {
		eq = strchr(part, '=');
		if (eq == NULL)
			continue;
		*eq = '\0';
		out[n].person = part;
		out[n++].user = eq + 1;
	}
	return n;
}

static int
status(const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	struct lab_node *nodes;
	size_t n, i;
	int rc;

	rc = lab_status(a, dir, &nodes, &n, e);
	for (i = 0; rc == 0 && i < n; i++)
		printf("%s\t%s\t%d\t%ld\t%s\t%s\n", nodes[i].name, nodes[i].state, nodes[i].port,
		    (long)nodes[i].pid, nodes[i].upstream == NULL ? "-" : nodes[i].upstream,
		    nodes[i].dir);
	arena_free(a);
	return rc;
}

/* Fills what the options say; -1 where they make no sense. */
static int
options(int argc, char **argv, struct lab_setup *s, struct lab_owner own[2])
{
	static const struct option known[] = {{"engine", 1, NULL, 'e'}, {"shape", 1, NULL, 's'},
	    {"dir", 1, NULL, 'd'}, {"slots", 0, NULL, 'S'}, {"no-slots", 0, NULL, 'n'},
	    {"rows", 1, NULL, 'r'}, {"user", 1, NULL, 'u'}, {"group", 1, NULL, 'g'},
	    {"own", 1, NULL, 'o'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'e')
			s->engine = optarg;
		else if (c == 's')
			s->shape = optarg;
		else if (c == 'd')
			s->dir = optarg;
		else if (c == 'S' || c == 'n')
			s->no_slots = c == 'n';
		else if (c == 'r')
			s->rows = strtol(optarg, NULL, 10);
		else if (c == 'u')
			s->user = optarg;
		else if (c == 'g')
			s->group = optarg;
		else if (c == 'o')
			s->nowners = owners(optarg, own, 2);
		else
			return -1;
	}
	s->owners = own;
	return optind < argc && (s->dir != NULL || strcmp(argv[optind], "status") == 0) ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct lab_setup s = {.engine = "postgresql", .shape = "single"};
	struct lab_owner own[2];
	struct waiter w;
	struct err e = {0};
	sigset_t set;
	int rc;

	if (options(argc, argv, &s, own) != 0)
		return usage();
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	poll_waiter(&w, signalfd(-1, &set, SFD_CLOEXEC));
	if (strcmp(argv[optind], "up") == 0)
		rc = lab_up(&s, &w, &e) == 0 ? status(s.dir, &e) : -1;
	else if (strcmp(argv[optind], "down") == 0)
		rc = lab_down(s.dir, &w, &e);
	else if (strcmp(argv[optind], "status") == 0)
		rc = status(s.dir, &e);
	else
		return usage();
	if (rc != 0)
		fprintf(
		    stderr, "lab-driver: %s\n%s%s", e.msg, e.hint, e.hint[0] == '\0' ? "" : "\n");
	return rc == 0 ? 0 : err_exit(&e);
}
