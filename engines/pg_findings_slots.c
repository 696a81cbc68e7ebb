/*
 * Findings about slots: those that fill their server, those that lost what they kept, those that
 * nobody reads from. The time left is said where both the growth and the room are known.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_findings.h"
#include "text.h"
#include "banned.h"

#define SOON_S (24 * 3600)

/* Seconds until it is full; -1 not known, or not growing. */
static int64_t
seconds_left(int64_t growth, int64_t room)
{
	return growth > 0 && room >= 0 ? room / growth : -1;
}

static const char *
slot_sentence(const struct view_of *v)
{
	const struct node *server = topology_find(v->t, v->c->node);
	const char *keeps;

	if (strcmp(v->c->state, "lost") == 0)
		return arena_printf(v->a,
		    "%s \"%s\" on %s is lost: the log it kept is gone, and whoever used it must "
		    "begin anew",
		    v->c->what, v->c->name, v->c->node);
	keeps = arena_printf(v->a, "%s \"%s\" on %s is inactive and keeps %s of log", v->c->what,
	    v->c->name, v->c->node, text_bytes(v->a, v->c->retained));
	return arena_printf(v->a, "%s, %s", keeps,
	    text_outlook(v->a, v->c->growth, server != NULL && server->is_average, v->c->room));
}

static int
is_idle(const struct consumer *c)
{
	return strstr(c->what, "slot") != NULL && strcmp(c->state, "active") != 0 &&
	       (c->retained > 0 || strcmp(c->state, "lost") == 0);
}

static int
fills_soon(const struct consumer *c)
{
	int64_t s = seconds_left(c->growth, c->room);

	return c->room == 0 || (s >= 0 && s < SOON_S);
}

const char *
finding_filling_slot(const struct view_of *v)
{
	return is_idle(v->c) && fills_soon(v->c) ? slot_sentence(v) : NULL;
}

const char *
finding_idle_slot(const struct view_of *v)
{
	return is_idle(v->c) && !fills_soon(v->c) ? slot_sentence(v) : NULL;
}

/* A standby that is away: its slot grows as fast as its server writes. */
const char *
finding_filling_standby(const struct view_of *v)
{
	const struct node *up = topology_find_identity(v->t, v->n->upstream);
	int64_t room = v->n->slot_safe;

	if (up == NULL || v->n->slot == NULL || v->n->is_streaming || v->n->slot_retained <= 0 ||
	    (v->n->slot_status != NULL && strcmp(v->n->slot_status, "lost") == 0))
		return NULL;
	if (up->disk_free >= 0 && (room < 0 || up->disk_free < room))
		room = up->disk_free;
	return arena_printf(v->a, "slot %s on %s keeps %s of log for %s, which is away, %s",
	    v->n->slot, up->name, text_bytes(v->a, v->n->slot_retained), v->n->name,
	    text_outlook(v->a, up->wal_rate, up->is_average, room));
}

const char *
finding_failing_slot(const struct view_of *v)
{
	const struct node *up = topology_find_identity(v->t, v->n->upstream);
	const char *s = v->n->slot_status;

	if (s == NULL || up == NULL || (strcmp(s, "lost") != 0 && strcmp(s, "unreserved") != 0))
		return NULL;
	return arena_printf(v->a, "slot %s of %s on %s is %s: %s", v->n->slot, v->n->name, up->name,
	    s,
	    s[0] == 'l' ? "the log it needs is gone, and it cannot catch up"
			: "the next checkpoint may take the log it needs away");
}
