/*
 * Drawing a topology: lines that fit the terminal, and the same as JSON.
 */
#ifndef TREE_H
#define TREE_H

#include <jansson.h>
#include <stddef.h>

#include "topology.h"

struct arena;
struct context;
struct cluster_config;

struct drawing {
	struct arena *arena;
	int width;
	char **lines;
	size_t n;
	char *drawn; /* one flag a node */
};

void tree_line(struct drawing *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Breaks at blanks to fit the width; the first line starts with lead, further ones are indented. */
void tree_wrap(struct drawing *d, const char *lead, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
const char *tree_inert(struct drawing *d, const char *s); /* "" for NULL */
const char *tree_lag(struct drawing *d, const struct node *n);
const char *tree_state(struct drawing *d, const struct node *n);
/* What commits wait for; what comes and goes by logical replication. Nothing where there is none.
 */
void tree_sync(struct drawing *d, const struct topology *t);
void tree_logicals(struct drawing *d, const struct topology *t);
/* What other operators have open, hold, wait for and run: a line each, inert; and as a section. */
size_t company_lines(
    struct drawing *d, struct context *c, const struct topology *t, const char ***lines);
void tree_company(struct drawing *d, struct context *c, const struct topology *t);
/* Columns that the names need as they stand in the tree. */
int tree_name_width(const struct topology *t);
/* Text from servers may hold any bytes; JSON may not. */
json_t *tree_text(struct arena *a, const char *s);
json_t *tree_logicals_json(struct arena *a, const struct topology *t);
/* The whole picture as one JSON object with stable keys. */
char *tree_json(struct arena *a, const struct topology *t, const struct cluster_config *c);
/* The host section of a node, by the config; NULL none. */
const char *tree_host(const struct cluster_config *c, const struct node *n);
/* Where the nodes are: host and data directory, one line each. */
void tree_places(struct drawing *d, const struct topology *t, const struct cluster_config *c);
/* Names person and plan in the findings of nodes that a known hold stands on. */
void tree_holders(const struct context *c, struct topology *t);

#endif
