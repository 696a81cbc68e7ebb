/*
 * A first configuration: who writes it, and its text.
 */
#ifndef INIT_H
#define INIT_H

struct arena;
struct context;

struct newcomer {
	const char *name, *home;
	const char *key, *public; /* NULL: none found */
};

const char *init_config(struct context *c, const struct newcomer *who, const char *cluster);
const char *init_operators(struct arena *a, const struct newcomer *who);

#endif
