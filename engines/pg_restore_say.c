/*
 * How long a restore will take, and how sure that is. Rows go by the rates of the last windows;
 * keys and indexes, which take as long again, by their size until one was built, then by how fast
 * that went. A rate of bytes alone is wrong by a factor of five just when it matters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "engines/pg_restore.h"
#include "text.h"
#include "banned.h"

#define SAY_MS 1000
#define WINDOW_MS 500
#define KEY_BYTES 24.0	/* a key of a btree, where no index of that name stands to be measured */
#define PRIOR_SPEED 0.8 /* bytes of index to bytes of text loaded, in the same time */
#define PRIOR_LOW 0.5
#define PRIOR_HIGH 2.0
#define FAIL_OVER_S 30.0 /* restart at its target, promotion, a look */
#define REPLAY_RATE 4e7	 /* bytes of log a second, where nothing was measured */

/* "NAME BYTES" of the index that the statement builds, as it stands; -1 none. */
static double
standing_bytes(const struct restoring *x, const char *text)
{
	static const char *const before[] = {
	    "CREATE INDEX ", "CREATE UNIQUE INDEX ", "ADD CONSTRAINT "};
	const char *p, *line;
	size_t i, n;

	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		if ((p = strstr(text, before[i])) == NULL)
			continue;
		p += strlen(before[i]);
		n = *p == '"' ? strcspn(p + 1, "\"") + 2 : strcspn(p, " ");
		for (line = x->sizes; *line != '\0'; line += *line == '\n') {
			if (strncmp(line, p, n) == 0 && line[n] == ' ')
				return strtod(line + n, NULL);
			line += strcspn(line, "\n");
		}
	}
	return -1;
}

double
restore_weight(const struct restoring *x, const char *text)
{
	double each = KEY_BYTES * (double)x->rows, is = standing_bytes(x, text);

	if (is >= 0)
		return is;
	if (strstr(text, "FOREIGN KEY") != NULL)
		return each / 3;
	if (strncmp(text, "CREATE INDEX", 12) != 0 && strncmp(text, "CREATE UNIQUE", 13) != 0 &&
	    strstr(text, "PRIMARY KEY") == NULL && strstr(text, " UNIQUE ") == NULL &&
	    strstr(text, "EXCLUDE ") == NULL)
		return 0;
	return each;
}

void
restore_weigh(struct restoring *x)
{
	const char *p, *end;

	x->weight = 0;
	for (p = x->after; *p != '\0'; p = end + strspn(end, ";\n")) {
		end = strstr(p, ";\n");
		end = end == NULL ? p + strlen(p) : end;
		x->weight += restore_weight(x, arena_strndup(x->u.a, p, (size_t)(end - p)));
	}
}

static void
note_rate(struct restoring *x)
{
	int64_t ms = now_ms() - x->window_ms;

	if (x->window_ms == 0)
		x->window_ms = now_ms();
	if (x->window_ms == 0 || ms < WINDOW_MS)
		return;
	x->rates[x->nrates++ % RESTORE_WINDOWS] =
	    (double)(x->data_done - x->window_data) * 1000 / (double)ms;
	x->window_ms = now_ms();
	x->window_data = x->data_done;
}

/* Mean of the last windows, and how far they lie apart. */
static double
rate_of(const struct restoring *x, double *spread)
{
	size_t n = x->nrates < RESTORE_WINDOWS ? x->nrates : RESTORE_WINDOWS, i;
	double sum = 0, mean, low = x->rates[0], high = x->rates[0];

	for (i = 0; i < n; i++) {
		sum += x->rates[i];
		low = x->rates[i] < low ? x->rates[i] : low;
		high = x->rates[i] > high ? x->rates[i] : high;
	}
	mean = n == 0 ? 0 : sum / (double)n;
	*spread = n < 2 || mean <= 0 ? 0.5 : (high - low) / mean / (1 + (double)n / 4);
	*spread = *spread < 0.05 ? 0.05 : *spread > 0.8 ? 0.8 : *spread;
	return mean;
}

static void
after_left(const struct restoring *x, double rate, double *low, double *high)
{
	double left = x->weight - x->weight_done, speed, spent, sure;

	*low = *high = 0;
	if (left <= 0)
		return;
	spent = x->one_ms > 0 ? (double)(now_ms() - x->one_ms) / 1000 : 0;
	if (x->weight_done > 0 && x->after_ms > 0) {
		speed = x->weight_done / ((double)(x->one_ms - x->after_ms) / 1000 + 0.001);
		sure = 0.4;
		*low = left / speed * (1 - sure) - spent;
		*high = left / speed * (1 + sure) - spent;
	} else if (rate > 0) {
		*low = left / (rate * PRIOR_SPEED) * PRIOR_LOW - spent;
		*high = left / (rate * PRIOR_SPEED) * PRIOR_HIGH - spent;
	}
	*low = *low < 0 ? 0 : *low;
	*high = *high < 1 ? 1 : *high;
}

void
restore_left(struct restoring *x, double *low, double *high)
{
	double spread, rate = rate_of(x, &spread), data = (double)(x->data - x->data_done), a, b;

	*low = *high = -1;
	if (x->stage < STAGE_LOADED &&
	    (rate <= 0 || (x->data_done * 100 < x->data * 3 && now_ms() - x->rows_ms < 60000)))
		return;
	after_left(x, rate, &a, &b);
	*low = a;
	*high = b;
	if (x->stage < STAGE_LOADED) {
		*low += data / (rate * (1 + spread));
		*high += data / (rate * (1 - spread));
	}
}

static int
is_listed(const char *names, const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = names; *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
		if (strncmp(p, name, n) == 0 && (p[n] == ' ' || p[n] == '\0'))
			return 1;
	return 0;
}

/* The held replica that received most, and how long failing over to it takes. */
static const struct node *
best_held(const struct restoring *x, double *seconds)
{
	const struct topology *t = ask_last(x->u.c);
	const struct node *best = NULL, *n;
	size_t i;

	for (i = 0; t != NULL && i < t->nnodes; i++) {
		n = &t->nodes[i];
		if (n->role == ROLE_REPLICA && is_listed(x->held, n->name) &&
		    (best == NULL || n->receive.value > best->receive.value))
			best = n;
	}
	if (best != NULL)
		*seconds =
		    FAIL_OVER_S +
		    (best->receive.value > best->replay.value
			    ? (double)(best->receive.value - best->replay.value) / REPLAY_RATE
			    : 0);
	return best;
}

static const char *
clock_of(struct arena *a, time_t t)
{
	char s[16] = "?";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(s, sizeof(s), "%H:%M:%SZ", &tm);
	return arena_strdup(a, s);
}

/* Complete to: when it was held, less what it was behind then. */
static const char *
other_way(struct restoring *x, double low)
{
	struct arena *a = x->u.a;
	double s = 0;
	const struct node *n = best_held(x, &s);
	int was_held = n != NULL && n->hold == HOLD_PAUSED;

	if (n == NULL)
		return "";
	return arena_printf(a, "%sfailing over to %s (held, complete to %s) about %s; ",
	    low > 2 * s ? "FASTER: " : "", n->name,
	    was_held && n->lag_ms < 0
		? "its position"
		: clock_of(a, was_held ? time(NULL) - (time_t)(n->lag_ms / 1000) : x->began),
	    text_seconds(a, s));
}

static const char *
range(struct arena *a, double low, double high)
{
	return arena_printf(
	    a, "%s ± %s", text_seconds(a, (low + high) / 2), text_seconds(a, (high - low) / 2));
}

void
restore_say(struct restoring *x)
{
	struct arena *a = x->u.a;
	double low, high, alow, ahigh, spread, rate;
	const char *what;

	if (x->stage < STAGE_LOADED)
		note_rate(x);
	if (now_ms() - x->said_ms < SAY_MS)
		return;
	x->said_ms = now_ms();
	rate = rate_of(x, &spread);
	restore_left(x, &low, &high);
	what = x->stage == STAGE_LOADED
		   ? arena_printf(a, "%s", x->now == NULL ? "" : x->now)
		   : arena_printf(a, "rows: %s of %s, %s/s", text_count(a, x->rows_done),
			 text_count(a, x->rows), text_bytes(a, (int64_t)rate));
	if (low < 0) {
		undo_say(&x->u, "%s; too early to say how long", what);
		return;
	}
	after_left(x, rate, &alow, &ahigh);
	if (x->stage < STAGE_LOADED)
		what = arena_printf(a, "%s, %s, then keys and indexes %s", what,
		    range(a, low - alow, high - ahigh), range(a, alow, ahigh));
	undo_say(&x->u, "done about %s ± %s; %s%s; %s left",
	    clock_of(a, time(NULL) + (time_t)((low + high) / 2)), text_seconds(a, (high - low) / 2),
	    other_way(x, low), what, text_seconds(a, (low + high) / 2));
}
