/*
 * build/topology-driver: the picture that the library takes of the nodes given, for tests that need
 * no shell, no config and no journal:
 *
 *	topology-driver [-j | -l] [-b] [-r ROUNDS] [-t MS] NAME=ADDRESS...
 *
 * prints the verb's lines (-l those of lag, -j its JSON) and "took N ms". With -r it keeps its
 * sessions and looks again after each line on standard input; -b first crawls in the background.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "cluster.h"
#include "command.h"
#include "engines/ask.h"
#include "banned.h"

extern const struct command command_topology, command_lag;

struct options {
	int is_json, is_lag, in_background, rounds, timeout;
};

static void
fail(const struct err *e)
{
	printf("error %d %s\n", e->code, e->msg);
	exit(1);
}

static void
show(const struct topology *t, const struct options *o)
{
	struct context c = {.arena = arena_new(), .topology = t, .width = 80};
	struct result r = {0};
	struct err e = {0};
	const char *cells[16];
	char verb[] = "topology", *argv[] = {verb, NULL};
	size_t i;

	if ((o->is_lag ? &command_lag : &command_topology)->exec(&c, 1, argv, &r, &e) != 0)
		fail(&e);
	if (o->is_json)
		puts(r.view.json);
	else
		while (r.view.next(&r.view, cells, &e) == 1)
			for (i = 0; i < r.view.ncols; i++)
				printf("%s%c", cells[i] == NULL ? "-" : cells[i],
				    i + 1 < r.view.ncols ? '\t' : '\n');
	arena_free(c.arena);
}

static void
look(struct cluster *c, struct waiter *w, const struct options *o)
{
	const struct topology *t;
	struct err e = {0};
	int64_t start;
	char line[16];
	int i;

	for (i = 0; i < o->rounds; i++) {
		if (i > 0 && fgets(line, sizeof(line), stdin) == NULL)
			break;
		start = now_ms();
		if (ask_topology(c, w, &t, &e) < 0)
			fail(&e);
		show(t, o);
		if (!o->is_json)
			printf("took %lld ms\n", (long long)(now_ms() - start));
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	struct node_config nodes[64] = {{0}};
	struct cluster_config config = {.name = "lab", .engine = "postgresql", .nodes = nodes};
	struct person_config person = {.name = "postgres"};
	struct cluster_setup setup = {.config = &config, .person = &person, .incident = "test"};
	struct options o = {.rounds = 1, .timeout = 2000};
	struct cluster *c;
	struct waiter w;
	struct err e = {0};
	char *eq;
	int opt;

	while ((opt = getopt(argc, argv, "jlbr:t:")) != -1) {
		o.is_json |= opt == 'j';
		o.is_lag |= opt == 'l';
		o.in_background |= opt == 'b';
		if (opt == 'r')
			o.rounds = (int)strtol(optarg, NULL, 10);
		if (opt == 't')
			o.timeout = (int)strtol(optarg, NULL, 10);
	}
	for (; optind < argc && config.nnodes < 64; optind++) {
		if ((eq = strchr(argv[optind], '=')) == NULL)
			return 2;
		*eq = '\0';
		nodes[config.nnodes].name = argv[optind];
		nodes[config.nnodes++].address = eq + 1;
	}
	config.connect_timeout_ms = config.query_timeout_ms = o.timeout;
	poll_waiter(&w, -1);
	c = cluster_new(&setup);
	if (o.in_background) {
		if (cluster_crawl_start(c, &e) < 0)
			fail(&e);
		w.wait(&w, cluster_crawl_fd(c), POLLIN, now_ms() + 60000);
		if (cluster_crawl_finish(c, &e) < 0 || ask_last(c) == NULL)
			fail(&e);
		show(ask_last(c), &o);
	} else
		look(c, &w, &o);
	cluster_free(c);
	return 0;
}
