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
#include "engines/pace.h"
#include "text.h"
#include "banned.h"

#define SAY_MS 1000
#define WINDOW_MS 500
#define KEY_BYTES 24.0 /* a key of a btree, where no index of that name stands to be measured */
#define SOURCE_SPEED                                                                               \
	25e6		 /* bytes of index a second, where nothing tells how fast the server is    \
			  */
#define FAIL_OVER_S 30.0 /* restart at its target, promotion, a look */
#define REPLAY_RATE 4e7	 /* bytes of log a second, where nothing was measured */

/* Bytes of the index of this name, as it stands; -1 none is. */
static double
index_bytes(const struct pace *x, const char *name, size_t len)
{
	const char *line;

	for (line = x->sizes; *line != '\0'; line += *line == '\n') {
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			return strtod(line + len, NULL);
		line += strcspn(line, "\n");
	}
	return -1;
}

/* Of all indexes that the statement builds; -1 where none of them stands. */
static double
standing_bytes(const struct pace *x, const char *text)
{
	static const char *const before[] = {"CREATE INDEX ", "CREATE UNIQUE INDEX ",
	    "ADD CONSTRAINT ", "ADD KEY ", "ADD UNIQUE KEY ", "ADD FULLTEXT KEY "};
	double sum = -1, one;
	const char *p, *end;
	size_t i;

	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		for (p = text; (p = strstr(p, before[i])) != NULL; p = end) {
			p += strlen(before[i]);
			end = *p == '"' || *p == '`' ? strchr(p + 1, *p) : p + strcspn(p, " ");
			if (end == NULL)
				break;
			end += *p == '"' || *p == '`';
			one = index_bytes(x, p, (size_t)(end - p));
			if (one >= 0)
				sum = (sum < 0 ? 0 : sum) + one;
		}
	return sum;
}

/* An index each: what is added to MariaDB's and MySQL's tables comes several in one statement. */
static int
count_added(const char *text)
{
	static const char *const added[] = {
	    "ADD KEY ", "ADD UNIQUE ", "ADD FULLTEXT ", "ADD SPATIAL "};
	const char *p;
	size_t i;
	int n = 0;

	for (i = 0; i < sizeof(added) / sizeof(added[0]); i++)
		for (p = text; (p = strstr(p, added[i])) != NULL; p++)
			n++;
	return n;
}

double
pace_weight(const struct pace *x, const char *text)
{
	double each = KEY_BYTES * (double)x->rows, is = standing_bytes(x, text);
	int added = count_added(text);

	if (is >= 0)
		return is;
	if (added > 0)
		return added * each;
	if (strstr(text, "FOREIGN KEY") != NULL)
		return each / 3;
	if (strncmp(text, "CREATE INDEX", 12) != 0 && strncmp(text, "CREATE UNIQUE", 13) != 0 &&
	    strstr(text, "PRIMARY KEY") == NULL && strstr(text, " UNIQUE ") == NULL &&
	    strstr(text, "EXCLUDE ") == NULL)
		return 0;
	return each;
}

void
pace_begin(struct pace *x, const char *text)
{
	x->one_ms = now_ms();
	x->after_ms = x->after_ms == 0 ? x->one_ms : x->after_ms;
	x->weight_now = pace_weight(x, text);
	x->now_done = 0;
	x->now = text_fit(x->a, text, strlen(text), 60);
}

void
pace_end(struct pace *x)
{
	x->weight_done += x->weight_now;
	x->weight_now = x->now_done = 0;
	x->now = NULL;
}

void
pace_weigh(struct pace *x)
{
	const char *p, *end;

	x->weight = 0;
	for (p = x->after; *p != '\0'; p = end + strspn(end, ";\n")) {
		end = strstr(p, ";\n");
		end = end == NULL ? p + strlen(p) : end;
		x->weight += pace_weight(x, arena_strndup(x->a, p, (size_t)(end - p)));
	}
}

static void
note_rate(struct pace *x)
{
	int64_t ms = now_ms() - x->window_ms;

	if (x->window_ms == 0)
		x->window_ms = now_ms();
	if (x->window_ms == 0 || ms < WINDOW_MS)
		return;
	x->rates[x->nrates++ % PACE_WINDOWS] =
	    (double)(x->data_done - x->window_data) * 1000 / (double)ms;
	x->window_ms = now_ms();
	x->window_data = x->data_done;
}

/* Of the last windows, or of all so far where they are few; and how far they lie apart. */
static double
rate_of(const struct pace *x, double *spread)
{
	size_t n = x->nrates < PACE_WINDOWS ? x->nrates : PACE_WINDOWS, i;
	double sum = 0, mean, low = x->rates[0], high = x->rates[0];
	int64_t ms = now_ms() - x->rows_ms;

	for (i = 0; i < n; i++) {
		sum += x->rates[i];
		low = x->rates[i] < low ? x->rates[i] : low;
		high = x->rates[i] > high ? x->rates[i] : high;
	}
	mean = n == 0 ? 0 : sum / (double)n;
	if (x->nrates < PACE_WINDOWS && !x->is_loaded && ms > 0)
		mean = (double)x->data_done * 1000 / (double)ms;
	*spread = n < 2 || mean <= 0 ? 0.5 : (high - low) / mean / (1 + (double)n / 4);
	*spread = *spread < 0.05 ? 0.05 : *spread > 0.8 ? 0.8 : *spread;
	return mean;
}

/* Bytes of index a second, before one was built: rows that wait for the dump say nothing of it. */
static double
prior_speed(const struct pace *x, double rate)
{
	int64_t ms = now_ms() - x->rows_ms;

	if (!x->is_loaded && x->input_ms * 2 > ms && rate * x->index_speed < SOURCE_SPEED)
		return SOURCE_SPEED;
	return rate * x->index_speed;
}

/* Seconds of keys and indexes: by how fast they went so far, within one of them, too. */
static void
after_left(const struct pace *x, double rate, double *seconds, double *sure)
{
	double done = x->weight_done + x->now_done, left = x->weight - done, took;

	*seconds = 0;
	*sure = 0;
	if (left <= 0)
		return;
	*sure = 0.5;
	took = x->after_ms > 0 ? (double)(now_ms() - x->after_ms) / 1000 : 0;
	if (done > 0 && took > 0) {
		/* What runs now and does not tell how far it is has not added to what is done. */
		if (x->now_done <= 0)
			took = (double)(x->one_ms - x->after_ms) / 1000 + 0.001;
		*seconds = left * took / done;
		*sure = 0.4;
	} else if (rate > 0)
		*seconds = left / prior_speed(x, rate);
	if (x->now_done <= 0 && x->one_ms > 0)
		*seconds -= (double)(now_ms() - x->one_ms) / 1000;
	*seconds = *seconds < 1 ? 1 : *seconds;
}

int
pace_left(const struct pace *x, struct pace_left *out)
{
	double spread, sure, rate = rate_of(x, &spread);

	memset(out, 0, sizeof(*out));
	out->rate = rate;
	if (!x->is_loaded &&
	    (rate <= 0 || (x->data_done * 100 < x->data * 3 && now_ms() - x->rows_ms < 60000)))
		return 0;
	after_left(x, rate, &out->after, &sure);
	out->after_sure = out->after * sure;
	if (!x->is_loaded) {
		out->data = (double)(x->data - x->data_done) / rate;
		out->data_sure = out->data * spread;
	}
	return 1;
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
best_held(const struct pace *x, double *seconds)
{
	const struct topology *t = ask_last(x->c);
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
other_way(struct pace *x, double low)
{
	struct arena *a = x->a;
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
range(struct arena *a, double seconds, double sure)
{
	return arena_printf(a, "%s ± %s", text_seconds(a, seconds), text_seconds(a, sure));
}

static void
say(struct pace *x, const char *line)
{
	if (x->progress != NULL)
		x->progress(x->progress_ctx, line);
}

void
pace_say(struct pace *x)
{
	struct arena *a = x->a;
	struct pace_left l;
	const char *what;
	double all, sure;
	int is_known;

	if (!x->is_loaded)
		note_rate(x);
	if (now_ms() - x->said_ms < SAY_MS)
		return;
	x->said_ms = now_ms();
	is_known = pace_left(x, &l);
	all = l.data + l.after;
	sure = l.data_sure + l.after_sure;
	what = x->is_loaded ? arena_printf(a, "%s", x->now == NULL ? "" : x->now)
			    : arena_printf(a, "rows: %s of %s, %s/s", text_count(a, x->rows_done),
				  text_count(a, x->rows), text_bytes(a, (int64_t)l.rate));
	if (!is_known) {
		say(x, arena_printf(a, "%s; too early to say how long", what));
		return;
	}
	if (!x->is_loaded)
		what = arena_printf(a, "%s, %s, then keys and indexes %s", what,
		    range(a, l.data, l.data_sure), range(a, l.after, l.after_sure));
	say(x, arena_printf(a, "done about %s ± %s; %s%s; %s left",
		   clock_of(a, time(NULL) + (time_t)all), text_seconds(a, sure),
		   other_way(x, all > sure ? all - sure : 0), what, text_seconds(a, all)));
}
