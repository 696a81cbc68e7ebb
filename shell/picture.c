/*
 * The topology as it was seen, into the journal: see picture.h. Only what was asked anyway is
 * written; nothing is asked for it.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "shell/app.h"
#include "shell/picture.h"
#include "banned.h"

#define LAG_MS 10000
#define SHAPE_MAX ((size_t)1 << 20)

static void
set_str(json_t *o, const char *key, const char *s)
{
	if (s != NULL && s[0] != '\0')
		json_object_set_new(o, key, journal_text(s, strlen(s)));
}

static json_t *
node_json(const struct topology *t, const struct node *n)
{
	const struct node *up = topology_find_identity(t, n->upstream);
	json_t *o = json_object();

	set_str(o, "name", n->name);
	set_str(o, "role", role_name(n->role));
	set_str(o, "identity", n->identity);
	set_str(o, "upstream", up == NULL ? NULL : up->name);
	set_str(o, "version", n->version_text);
	set_str(o, "reason", n->reason);
	set_str(o, "hold", hold_name(n->hold));
	set_str(o, "position", n->role == ROLE_REPLICA ? n->replay.text : n->current.text);
	set_str(o, "sync_state", n->sync_state);
	if (n->is_hardened)
		json_object_set_new(o, "hardened", json_true());
	if (n->role == ROLE_REPLICA) {
		json_object_set_new(o, "streaming", json_boolean(n->is_streaming));
		json_object_set_new(o, "lag_bytes", json_integer(n->lag_bytes));
		json_object_set_new(o, "lag_ms", json_integer(n->lag_ms));
	}
	return o;
}

/* Everything but lag and positions. */
static void
shape_of(const struct topology *t, char out[SHA256_HEX])
{
	struct buf b;
	size_t i;

	buf_init(&b, SHAPE_MAX);
	buf_puts(&b, t->digest);
	for (i = 0; i < t->nnodes; i++)
		buf_printf(&b, "\n%s %s %s %d", t->nodes[i].name, role_name(t->nodes[i].role),
		    hold_name(t->nodes[i].hold), t->nodes[i].is_streaming);
	sha256_hex(buf_str(&b), b.len, out);
	buf_free(&b);
}

void
picture_note(struct app *app)
{
	const struct topology *t = app->cluster == NULL ? NULL : facts_last(app->cluster);
	struct err ignored = {0};
	char shape[SHA256_HEX];
	json_t *nodes, *findings;
	size_t i;

	if (t == NULL || app->journal == NULL || !journal_is_writable(app->journal) ||
	    app->busy > 0 || t->taken_ms == app->picture_ms)
		return;
	shape_of(t, shape);
	if (strcmp(shape, app->picture) == 0 && t->taken_ms - app->picture_ms < LAG_MS)
		return;
	app->picture_ms = t->taken_ms;
	memcpy(app->picture, shape, sizeof(app->picture));
	nodes = json_array();
	for (i = 0; i < t->nnodes; i++)
		json_array_append_new(nodes, node_json(t, &t->nodes[i]));
	findings = json_array();
	for (i = 0; i < t->nfindings; i++)
		json_array_append_new(findings,
		    journal_text(t->findings[i].sentence, strlen(t->findings[i].sentence)));
	journal_add(app->journal, "topology",
	    json_pack("{s:s,s:s,s:s,s:o,s:o}", "cluster", t->cluster, "digest", t->digest,
		"taken_at", t->taken_at, "nodes", nodes, "findings", findings),
	    &ignored);
}
