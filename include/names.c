/*
 * Small tables of names for the nouns, and look-ups that belong to no floor.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "host.h"
#include "plan.h"
#include "session.h"
#include "banned.h"

const char *
step_part_name(enum step_part p)
{
	static const char *const names[] = {
	    [PART_BEFORE] = "before",
	    [PART_MAIN] = "main",
	    [PART_AFTER] = "after",
	    [PART_UNDO] = "undo",
	};

	return names[p];
}

const char *
step_kind_name(enum step_kind k)
{
	static const char *const names[] = {
	    [KIND_STATEMENT] = "statement",
	    [KIND_HOLD] = "hold",
	    [KIND_PROVE] = "prove",
	    [KIND_FENCE] = "fence",
	    [KIND_HARDEN] = "harden",
	    [KIND_CHECK] = "check",
	    [KIND_LIMIT] = "limit",
	    [KIND_BEGIN] = "begin",
	    [KIND_COMMIT] = "commit",
	    [KIND_REPROVE] = "prove-again",
	    [KIND_RELEASE] = "release",
	    [KIND_COPY] = "copy",
	    [KIND_LOAD] = "load",
	    [KIND_MOVE] = "move",
	    [KIND_EXPUNGE] = "expunge",
	    [KIND_COMMAND] = "command",
	    [KIND_STOP] = "stop",
	    [KIND_MEASURE] = "measure",
	    [KIND_RESTART] = "restart",
	    [KIND_PROMOTE] = "promote",
	    [KIND_FOLLOW] = "follow",
	};

	return names[k];
}

int
step_kind_acts(enum step_kind k)
{
	return k == KIND_STATEMENT || k == KIND_LOAD || k == KIND_RELEASE || k == KIND_COMMIT ||
	       k == KIND_MOVE || k == KIND_EXPUNGE || k == KIND_COMMAND || k == KIND_COPY ||
	       k == KIND_PROMOTE;
}

int
step_kind_name_acts(const char *name)
{
	int k;

	for (k = 0; k <= (int)KIND_FOLLOW; k++)
		if (strcmp(step_kind_name((enum step_kind)k), name) == 0)
			return step_kind_acts((enum step_kind)k);
	return 0;
}

const char *
level_name(enum level l)
{
	static const char *const names[] = {
	    [LEVEL_ALLOW] = "allow",
	    [LEVEL_CONFIRM] = "confirm",
	    [LEVEL_APPROVE] = "approve",
	    [LEVEL_REFUSE] = "refuse",
	};

	return names[l];
}

const char *
way_back_name(enum way_back b)
{
	static const char *const names[] = {
	    [BACK_NONE] = "none",
	    [BACK_STATEMENT] = "statement",
	    [BACK_REPLICA] = "held-replica",
	    [BACK_QUARANTINE] = "quarantine",
	    [BACK_COPY] = "safety-copy",
	    [BACK_ROLLBACK] = "rollback",
	};

	return names[b];
}

const char *
session_setting(const struct session *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nsettings; i++)
		if (strcmp(s->settings[i].name, name) == 0)
			return s->settings[i].value;
	return NULL;
}

const struct node_config *
config_node(const struct cluster_config *c, const char *name)
{
	size_t i;

	for (i = 0; c != NULL && i < c->nnodes; i++)
		if (strcmp(c->nodes[i].name, name) == 0)
			return &c->nodes[i];
	return NULL;
}

const struct cluster_config *
config_cluster(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nclusters; i++)
		if (strcmp(c->clusters[i].name, name) == 0)
			return &c->clusters[i];
	return NULL;
}

const struct person_config *
config_person(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->npersons; i++)
		if (strcmp(c->persons[i].name, name) == 0)
			return &c->persons[i];
	return NULL;
}

const char *
cluster_state_name(enum cluster_state s)
{
	static const char *const names[] = {"starting", "shut down", "shut down in recovery",
	    "shutting down", "in crash recovery", "in archive recovery", "in production",
	    "state not known"};

	return names[s];
}

const char *
host_system_hex(struct arena *a, const char *decimal)
{
	uint64_t v = strtoull(decimal, NULL, 10);
	const char *out = "";
	int i;

	for (i = 0; i < 8; i++, v >>= 8)
		out = arena_printf(a, "%s%02x", out, (unsigned int)(v & 255));
	return out;
}
