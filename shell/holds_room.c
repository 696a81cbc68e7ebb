/*
 * Room while replicas are held: what gathers on a held standby's own disk, and what its upstream
 * keeps for it behind a slot; how fast, and how many minutes are left. Must never guess a limit
 * that cannot be seen: then it says so.
 */
#include <string.h>

#include "arena.h"
#include "hold.h"
#include "shell/app.h"
#include "shell/holds.h"
#include "text.h"
#include "banned.h"

#define SAMPLES 32	   /* a picture every two seconds: the last minute */
#define WINDOW_MIN_MS 3500 /* less says nothing about a rate */
#define SMALL_DISK ((int64_t)1 << 30)
#define LARGE_LOG ((int64_t)1 << 30) /* where no limit is known, each doubling of this is said */

enum what { OWN_DISK, SLOT };
enum { STAGE_UNRESERVED = 100, STAGE_LOST };

struct gauge {
	char identity[128];
	enum what what;
	int64_t ms[SAMPLES], bytes[SAMPLES]; /* a ring */
	size_t n;
	int said; /* stage */
};

static struct gauge *
gauge_of(struct app *app, const char *identity, enum what what)
{
	struct gauge *g;
	size_t i;

	for (i = 0; i < app->ngauges; i++)
		if (app->gauges[i].what == what && strcmp(app->gauges[i].identity, identity) == 0)
			return &app->gauges[i];
	app->gauges = arena_grow(app->arena, app->gauges, app->ngauges, sizeof(*app->gauges));
	g = &app->gauges[app->ngauges++];
	memset(g, 0, sizeof(*g));
	g->what = what;
	text_copy(g->identity, sizeof(g->identity), identity);
	return g;
}

/* Takes a sample; bytes a second over the last minute, 0 while not known or not growing. */
static int64_t
rate_with(struct gauge *g, int64_t ms, int64_t bytes)
{
	size_t last = (g->n + SAMPLES - 1) % SAMPLES, first;

	/* The same picture twice, or one where less is kept than before: begins anew. */
	if (g->n > 0 && (ms <= g->ms[last] || bytes < g->bytes[last])) {
		if (ms <= g->ms[last])
			ms = g->ms[last];
		else
			g->n = 0;
	}
	if (g->n == 0 || ms > g->ms[last]) {
		g->ms[g->n % SAMPLES] = ms;
		g->bytes[g->n % SAMPLES] = bytes;
		g->n++;
	}
	first = g->n > SAMPLES ? g->n % SAMPLES : 0;
	if (ms - g->ms[first] < WINDOW_MIN_MS)
		return 0;
	return (bytes - g->bytes[first]) * 1000 / (ms - g->ms[first]);
}

/* The nearer the end, the higher; 0 is nothing to say. */
static int
stage_of(int64_t seconds)
{
	static const int minutes[] = {120, 60, 30, 15, 5, 1};
	int stage = 0;
	size_t i;

	for (i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++)
		stage += seconds < (int64_t)minutes[i] * 60;
	return stage;
}

static int
stage_of_size(int64_t bytes)
{
	int stage = 0;

	for (; bytes >= LARGE_LOG; bytes /= 2)
		stage++;
	return stage;
}

static const char *
minutes_left(struct arena *a, int64_t seconds)
{
	if (seconds < 60)
		return "less than a minute";
	return arena_printf(
	    a, "about %s minute%s", text_count(a, seconds / 60), seconds / 60 == 1 ? "" : "s");
}

static const char *
growth(struct arena *a, int64_t rate)
{
	return rate <= 0 ? "not growing now" : arena_printf(a, "growing %s/s", text_bytes(a, rate));
}

/* Says it when it is worse than what was said last. */
static void
say(struct app *app, struct gauge *g, const struct hold *h, int stage, const char *sentence)
{
	if (stage > g->said && sentence != NULL)
		holds_alarm(app, h->node, sentence);
	g->said = stage;
}

/* Bytes of log that it has received; positions of MariaDB and MySQL are no bytes. -1 not known. */
static int64_t
gathered_by(const struct node *n)
{
	if (strncmp(n->identity, "my:", 3) == 0)
		return n->relay_bytes;
	if (n->receive.value == 0 || n->replay.value == 0 || n->receive.value < n->replay.value)
		return -1;
	return (int64_t)(n->receive.value - n->replay.value);
}

static void
own_disk(struct app *app, struct arena *a, const struct hold *h, const struct node *n)
{
	struct gauge *g = gauge_of(app, h->identity, OWN_DISK);
	int64_t gathered = gathered_by(n), rate, left;
	const char *what;
	int stage;

	if (gathered < 0)
		return;
	rate = rate_with(g, n->seen_ms, gathered);
	what = arena_printf(a, "held %s gathers log: %s so far, %s", h->node,
	    text_bytes(a, gathered), growth(a, rate));
	if (n->disk_free < 0) {
		say(app, g, h, stage_of_size(gathered),
		    arena_printf(a, "%s; how much room its disk has is not known from here", what));
		return;
	}
	left = rate > 0 ? n->disk_free / rate : INT64_MAX;
	stage = stage_of(left);
	if (stage == 0 && n->disk_free < SMALL_DISK)
		stage = 1;
	say(app, g, h, stage,
	    arena_printf(a, "%s; its disk has %s left%s%s", what, text_bytes(a, n->disk_free),
		rate > 0 ? ", full in " : "", rate > 0 ? minutes_left(a, left) : ""));
}

/* The sentence about a slot whose server took, or is about to take, what the standby needs. */
static const char *
broken_slot(struct arena *a, const struct hold *h, const struct node *n, const char *up)
{
	if (strcmp(n->slot_status, "lost") == 0)
		return arena_printf(a,
		    "slot %s on %s is lost: log that held %s has not received is gone. Released, "
		    "it "
		    "cannot catch up and must be rebuilt; what it holds now is still there",
		    n->slot, up, h->node);
	return arena_printf(a,
	    "slot %s on %s keeps %s for held %s, past max_slot_wal_keep_size (unreserved): the "
	    "next "
	    "checkpoint may take that log away, and %s could not catch up any more",
	    n->slot, up, text_bytes(a, n->slot_retained < 0 ? 0 : n->slot_retained), h->node,
	    h->node);
}

static void
slot(struct app *app, struct arena *a, const struct hold *h, const struct node *n,
    const struct topology *t)
{
	const struct node *up = topology_find_identity(t, n->upstream);
	struct gauge *g = gauge_of(app, h->identity, SLOT);
	int64_t rate, room = n->slot_safe, left;
	const char *what, *name = up == NULL ? "its upstream" : up->name, *full;

	if (n->slot_status == NULL)
		return;
	rate = n->slot_retained < 0 ? 0 : rate_with(g, n->seen_ms, n->slot_retained);
	if (strcmp(n->slot_status, "lost") == 0 || strcmp(n->slot_status, "unreserved") == 0) {
		say(app, g, h, n->slot_status[0] == 'l' ? STAGE_LOST : STAGE_UNRESERVED,
		    broken_slot(a, h, n, name));
		return;
	}
	what = arena_printf(a, "slot %s on %s keeps %s of log for held %s, %s", n->slot, name,
	    text_bytes(a, n->slot_retained < 0 ? 0 : n->slot_retained), h->node, growth(a, rate));
	full = "max_slot_wal_keep_size is reached";
	if (up != NULL && up->disk_free >= 0 && (room < 0 || up->disk_free < room)) {
		room = up->disk_free;
		full = "its disk is full";
	}
	if (room < 0) {
		say(app, g, h, stage_of_size(n->slot_retained),
		    arena_printf(a, "%s; how much room the disk of %s has is not known from here",
			what, name));
		return;
	}
	left = rate > 0 ? room / rate : INT64_MAX;
	say(app, g, h, stage_of(left),
	    arena_printf(a, "%s; room for %s: %s in %s", what, text_bytes(a, room), full,
		minutes_left(a, left)));
}

void
holds_room(struct app *app, struct arena *a, const struct hold *h, const struct node *n,
    const struct topology *t)
{
	if (n == NULL || n->role != ROLE_REPLICA || n->hold == HOLD_NONE)
		return;
	own_disk(app, a, h, n);
	slot(app, a, h, n, t);
}
