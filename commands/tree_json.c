/*
 * A topology as JSON for programs: every key is always there, null where a fact is not known.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "commands/tree.h"
#include "text.h"
#include "wait.h"
#include "banned.h"

/* Text from servers may hold any bytes; JSON may not. */
static json_t *
text(struct arena *a, const char *s)
{
	return s == NULL ? json_null() : json_string(text_inert(a, s, strlen(s), 0));
}

static json_t *
known(int64_t n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static const char *
name_of(const struct topology *t, const char *identity)
{
	const struct node *n = topology_find_identity(t, identity);

	return n == NULL ? NULL : n->name;
}

static json_t *
node(struct arena *a, const struct topology *t, const struct node *n)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", text(a, n->name));
	json_object_set_new(o, "address", text(a, n->address));
	json_object_set_new(o, "identity", text(a, n->identity));
	json_object_set_new(o, "incarnation", text(a, n->incarnation));
	json_object_set_new(o, "cluster", text(a, n->cluster));
	json_object_set_new(o, "role", text(a, role_name(n->role)));
	json_object_set_new(o, "reason", text(a, n->reason));
	json_object_set_new(o, "version", text(a, n->version_text));
	json_object_set_new(o, "timeline", known(n->timeline > 0 ? n->timeline : -1));
	json_object_set_new(o, "upstream", text(a, name_of(t, n->upstream)));
	json_object_set_new(o, "upstream_address", text(a, n->upstream_address));
	json_object_set_new(o, "slot", text(a, n->slot));
	json_object_set_new(o, "sync_state", text(a, n->sync_state));
	json_object_set_new(o, "streaming", json_boolean(n->is_streaming));
	json_object_set_new(o, "read_only", json_boolean(n->is_read_only));
	json_object_set_new(o, "hold", text(a, hold_name(n->hold)));
	json_object_set_new(o, "hardened", json_boolean(n->is_hardened));
	json_object_set_new(o, "hardened_at", text(a, n->hardened_at));
	json_object_set_new(o, "target_lsn", text(a, n->target_lsn));
	json_object_set_new(o, "apply_delay_ms", json_integer(n->apply_delay_ms));
	json_object_set_new(o, "receive", text(a, n->receive.text));
	json_object_set_new(o, "replay", text(a, n->replay.text));
	json_object_set_new(o, "current", text(a, n->current.text));
	json_object_set_new(o, "lag_bytes", known(n->lag_bytes));
	json_object_set_new(o, "lag_ms", known(n->lag_ms));
	json_object_set_new(o, "disk_free", known(n->disk_free));
	json_object_set_new(o, "slot_status", text(a, n->slot_status));
	json_object_set_new(o, "slot_retained", known(n->slot_retained));
	json_object_set_new(o, "slot_safe", known(n->slot_safe));
	json_object_set_new(o, "age_ms", json_integer(now_ms() - n->seen_ms));
	return o;
}

static json_t *
consumer(struct arena *a, const struct consumer *k)
{
	json_t *o = json_object();

	json_object_set_new(o, "node", text(a, k->node));
	json_object_set_new(o, "what", text(a, k->what));
	json_object_set_new(o, "name", text(a, k->name));
	json_object_set_new(o, "address", text(a, k->address));
	json_object_set_new(o, "state", text(a, k->state));
	json_object_set_new(o, "retained", known(k->retained));
	json_object_set_new(o, "unidentified", json_boolean(k->is_unidentified));
	return o;
}

static json_t *
finding(struct arena *a, const struct finding *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "rank", json_integer(f->rank));
	json_object_set_new(o, "id", text(a, f->id));
	json_object_set_new(o, "node", text(a, f->node));
	json_object_set_new(o, "sentence", text(a, f->sentence));
	json_object_set_new(o, "next", text(a, f->next));
	return o;
}

char *
tree_json(struct arena *a, const struct topology *t)
{
	json_t *o = json_object(), *nodes = json_array(), *consumers = json_array();
	json_t *findings = json_array();
	char *dumped, *out;
	size_t i;

	for (i = 0; i < t->nnodes; i++)
		json_array_append_new(nodes, node(a, t, &t->nodes[i]));
	for (i = 0; i < t->nconsumers; i++)
		json_array_append_new(consumers, consumer(a, &t->consumers[i]));
	for (i = 0; i < t->nfindings; i++)
		json_array_append_new(findings, finding(a, &t->findings[i]));
	json_object_set_new(o, "cluster", text(a, t->cluster));
	json_object_set_new(o, "engine", text(a, t->engine));
	json_object_set_new(o, "digest", text(a, t->digest));
	json_object_set_new(o, "taken_at", text(a, t->taken_at));
	json_object_set_new(o, "nodes", nodes);
	json_object_set_new(o, "consumers", consumers);
	json_object_set_new(o, "findings", findings);
	dumped = json_dumps(o, JSON_INDENT(2));
	if (dumped == NULL)
		abort();
	out = arena_strdup(a, dumped);
	free(dumped);
	json_decref(o);
	return out;
}
