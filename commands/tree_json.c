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

json_t *
tree_text(struct arena *a, const char *s)
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
node(
    struct arena *a, const struct topology *t, const struct cluster_config *c, const struct node *n)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", tree_text(a, n->name));
	json_object_set_new(o, "address", tree_text(a, n->address));
	json_object_set_new(o, "host", tree_text(a, n->host));
	json_object_set_new(o, "port", known(n->port > 0 ? n->port : -1));
	json_object_set_new(o, "machine", tree_text(a, tree_host(c, n)));
	json_object_set_new(o, "data_directory", tree_text(a, n->data_directory));
	json_object_set_new(o, "identity", tree_text(a, n->identity));
	json_object_set_new(o, "incarnation", tree_text(a, n->incarnation));
	json_object_set_new(o, "cluster", tree_text(a, n->cluster));
	json_object_set_new(o, "role", tree_text(a, role_name(n->role)));
	json_object_set_new(o, "reason", tree_text(a, n->reason));
	json_object_set_new(o, "version", tree_text(a, n->version_text));
	json_object_set_new(o, "timeline", known(n->timeline > 0 ? n->timeline : -1));
	json_object_set_new(o, "upstream", tree_text(a, name_of(t, n->upstream)));
	json_object_set_new(o, "upstream_address", tree_text(a, n->upstream_address));
	json_object_set_new(o, "slot", tree_text(a, n->slot));
	json_object_set_new(o, "sync_state", tree_text(a, n->sync_state));
	json_object_set_new(o, "sync_names", tree_text(a, n->sync_names));
	json_object_set_new(o, "sync_commit", tree_text(a, n->sync_commit));
	json_object_set_new(o, "streaming", json_boolean(n->is_streaming));
	json_object_set_new(o, "archive_fed", json_boolean(n->is_archive_fed));
	json_object_set_new(o, "wal_rate", known(n->wal_rate));
	json_object_set_new(o, "wal_rate_is_average", json_boolean(n->is_average));
	json_object_set_new(o, "read_only", json_boolean(n->is_read_only));
	json_object_set_new(o, "hold", tree_text(a, hold_name(n->hold)));
	json_object_set_new(o, "hardened", json_boolean(n->is_hardened));
	json_object_set_new(o, "hardened_at", tree_text(a, n->hardened_at));
	json_object_set_new(o, "target_lsn", tree_text(a, n->target_lsn));
	json_object_set_new(o, "apply_delay_ms", json_integer(n->apply_delay_ms));
	json_object_set_new(o, "receive", tree_text(a, n->receive.text));
	json_object_set_new(o, "replay", tree_text(a, n->replay.text));
	json_object_set_new(o, "current", tree_text(a, n->current.text));
	json_object_set_new(o, "lag_bytes", known(n->lag_bytes));
	json_object_set_new(o, "lag_ms", known(n->lag_ms));
	json_object_set_new(o, "disk_free", known(n->disk_free));
	json_object_set_new(o, "slot_status", tree_text(a, n->slot_status));
	json_object_set_new(o, "slot_retained", known(n->slot_retained));
	json_object_set_new(o, "slot_safe", known(n->slot_safe));
	json_object_set_new(o, "age_ms", json_integer(now_ms() - n->seen_ms));
	return o;
}

static json_t *
consumer(struct arena *a, const struct consumer *k)
{
	json_t *o = json_object();

	json_object_set_new(o, "node", tree_text(a, k->node));
	json_object_set_new(o, "what", tree_text(a, k->what));
	json_object_set_new(o, "name", tree_text(a, k->name));
	json_object_set_new(o, "address", tree_text(a, k->address));
	json_object_set_new(o, "state", tree_text(a, k->state));
	json_object_set_new(o, "retained", known(k->retained));
	json_object_set_new(o, "unidentified", json_boolean(k->is_unidentified));
	json_object_set_new(o, "growth", known(k->growth));
	json_object_set_new(o, "room", known(k->room));
	return o;
}

static json_t *
finding(struct arena *a, const struct finding *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "rank", json_integer(f->rank));
	json_object_set_new(o, "id", tree_text(a, f->id));
	json_object_set_new(o, "node", tree_text(a, f->node));
	json_object_set_new(o, "sentence", tree_text(a, f->sentence));
	json_object_set_new(o, "next", tree_text(a, f->next));
	return o;
}

char *
tree_json(struct arena *a, const struct topology *t, const struct cluster_config *c)
{
	json_t *o = json_object(), *nodes = json_array(), *consumers = json_array();
	json_t *findings = json_array();
	char *dumped, *out;
	size_t i;

	for (i = 0; i < t->nnodes; i++)
		json_array_append_new(nodes, node(a, t, c, &t->nodes[i]));
	for (i = 0; i < t->nconsumers; i++)
		json_array_append_new(consumers, consumer(a, &t->consumers[i]));
	for (i = 0; i < t->nfindings; i++)
		json_array_append_new(findings, finding(a, &t->findings[i]));
	json_object_set_new(o, "cluster", tree_text(a, t->cluster));
	json_object_set_new(o, "engine", tree_text(a, t->engine));
	json_object_set_new(o, "digest", tree_text(a, t->digest));
	json_object_set_new(o, "taken_at", tree_text(a, t->taken_at));
	json_object_set_new(o, "nodes", nodes);
	json_object_set_new(o, "consumers", consumers);
	json_object_set_new(o, "logical", tree_logicals_json(a, t));
	json_object_set_new(o, "findings", findings);
	dumped = json_dumps(o, JSON_INDENT(2));
	if (dumped == NULL)
		abort();
	out = arena_strdup(a, dumped);
	free(dumped);
	json_decref(o);
	return out;
}
