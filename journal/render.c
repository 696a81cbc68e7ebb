/*
 * A record for people. Everything in it may come from a hostile server or file: it is made inert,
 * and a text of several lines is drawn so that no line of it can pass for a record.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "journal.h"
#include "line.h"
#include "text.h"
#include "banned.h"

#define RENDER_MAX ((size_t)16 << 20)
#define MORE "\n          | "

/* Where a record is being drawn. */
struct drawing {
	struct arena *a;
	struct buf b;
	const json_t *json;
};

static void
add_text(struct drawing *d, const char *s, size_t len)
{
	const char *end = s + len, *lf;

	while ((lf = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		buf_puts(&d->b, text_inert(d->a, s, (size_t)(lf - s), 0));
		s = lf + 1;
		if (s == end)
			return;
		buf_puts(&d->b, MORE);
	}
	buf_puts(&d->b, text_inert(d->a, s, (size_t)(end - s), 0));
}

static void
add_value(struct drawing *d, const json_t *v)
{
	const char *s = json_string_value(v);
	char *dump;

	if (s == NULL && json_is_object(v) && json_is_string(json_object_get(v, "raw"))) {
		s = json_text_of(v, "text");
		add_text(d, s, strlen(s));
		buf_puts(&d->b, " (not UTF-8; the exact bytes are in the record)");
	} else if (s != NULL) {
		add_text(d, s, json_string_length(v));
	} else if (json_is_boolean(v)) {
		buf_puts(&d->b, json_is_true(v) ? "yes" : "no");
	} else {
		dump = json_dumps(v, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
		if (dump != NULL)
			add_text(d, dump, strlen(dump));
		free(dump);
	}
}

/* "before MEMBER after", where the member is there and not empty. */
static void
say(struct drawing *d, const char *before, const char *member, const char *after)
{
	const json_t *v = json_object_get(d->json, member);

	if (v == NULL || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0))
		return;
	buf_puts(&d->b, before);
	add_value(d, v);
	buf_puts(&d->b, after);
}

static void
draw_open(struct drawing *d)
{
	say(d, "session ", "session", "");
	say(d, " by ", "person", "");
	say(d, " on ", "host", "");
	say(d, ", cluster ", "cluster", "");
	say(d, ", ", "tool", "");
	if (json_object_get(d->json, "parent") != NULL)
		say(d, MORE "after ", "parent", "");
}

static void
draw_text(struct drawing *d)
{
	say(d, "", "text", "");
}

static void
draw_intent(struct drawing *d)
{
	say(d, "", "danger", ", ");
	say(d, "", "level", ": ");
	say(d, "", "text", "");
	say(d, MORE "plan ", "plan", "");
}

static void
draw_plan(struct drawing *d)
{
	const json_t *plan = json_object_get(d->json, "plan"),
		     *text = json_object_get(plan, "text");

	if (json_is_object(plan)) {
		add_text(d, json_text_of(plan, "id"), strlen(json_text_of(plan, "id")));
		buf_printf(&d->b, ", %zu steps", json_array_size(json_object_get(plan, "steps")));
	}
	say(d, ", sha256:", "digest", "");
	if (text != NULL) {
		buf_puts(&d->b, MORE);
		add_value(d, text);
	}
}

static void
draw_request(struct drawing *d)
{
	say(d, "", "request", "");
	say(d, ", expires ", "expires", "");
}

static void
draw_approval(struct drawing *d)
{
	say(d, "by ", "person", "");
	say(d, " of request ", "request", "");
	say(d, ": ", "comment", "");
}

static void
draw_begin(struct drawing *d)
{
	const json_t *texts = json_object_get(d->json, "texts"), *t;
	size_t i;

	say(d, "step ", "step", "");
	say(d, " (", "part", "");
	say(d, ", ", "kind", ")");
	say(d, " on ", "node", "");
	say(d, ": ", "proc", "");
	say(d, " ", "args", "");
	json_array_foreach((json_t *)(uintptr_t)texts, i, t)
	{
		buf_puts(&d->b, MORE);
		add_value(d, t);
	}
}

static void
draw_outcome(struct drawing *d)
{
	int ok = !json_is_false(json_object_get(d->json, "ok"));

	say(d, "step ", "step",
	    json_is_true(json_object_get(d->json, "unknown")) ? " OUTCOME UNKNOWN"
	    : ok					      ? " ok"
							      : " FAILED");
	say(d, ": ", "tag", "");
	say(d, ", ", "rows", " rows");
	say(d, ", ", "ms", " ms");
	say(d, MORE, "sqlstate", "");
	say(d, MORE, "error", "");
}

static void
draw_hold(struct drawing *d)
{
	say(d, "", "node", "");
	say(d, " at ", "position", "");
	say(d, ", hardened at ", "hardened_at", "");
}

static void
draw_recover(struct drawing *d)
{
	const json_t *of = json_object_get(d->json, "of");

	say(d, "", "status", "");
	say(d, ", says the ", "by", "");
	if (json_is_object(of) && json_is_integer(json_object_get(of, "seq"))) {
		buf_printf(&d->b, ": record %lld of session ",
		    (long long)json_integer_value(json_object_get(of, "seq")));
		add_text(d, json_text_of(of, "session"), strlen(json_text_of(of, "session")));
	}
	say(d, ", transaction ", "xid", "");
	say(d, ": ", "reason", "");
}

static void
draw_incident(struct drawing *d)
{
	say(d, "", "action", "");
	say(d, " ", "name", "");
	say(d, ": ", "title", "");
	say(d, ", severity ", "severity", "");
	say(d, ", ", "role", "");
	say(d, ", ", "person", "");
	say(d, ", to ", "to", "");
	say(d, ", held ", "held", "");
	say(d, MORE "accepted ", "accepted", "");
}

static void
draw_screen(struct drawing *d)
{
	say(d, "", "head", "");
	if (json_object_get(d->json, "tail") != NULL)
		say(d, MORE "... (", "bytes", " bytes in all) ..." MORE);
	say(d, "", "tail", "");
	say(d, json_object_get(d->json, "head") == NULL ? "" : MORE, "rows_bytes",
	    " bytes of rows");
	say(d, ", exit ", "exit", "");
	say(d, ", ", "ms", " ms");
}

static void
draw_terminal(struct drawing *d)
{
	say(d, "", "columns", " columns");
	say(d, ", ", "rows", " rows");
	say(d, ", ", "term", "");
}

static void
draw_impact(struct drawing *d)
{
	say(d, "", "text", "");
	say(d, ", from ", "from", "");
	say(d, ", until ", "until", "");
}

static void
draw_cert(struct drawing *d)
{
	say(d, "", "statement", "");
}

/* Every member that is not in the fixed start. */
static void
draw_rest(struct drawing *d)
{
	static const char *const fixed[] = {"prev", "seq", "t", "boot", "type", "sig"};
	const char *key, *sep = "";
	json_t *v;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)d->json, key, v)
	{
		for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
			if (strcmp(key, fixed[i]) == 0)
				break;
		if (i < sizeof(fixed) / sizeof(fixed[0]))
			continue;
		buf_puts(&d->b, sep);
		add_text(d, key, strlen(key));
		buf_puts(&d->b, " ");
		add_value(d, v);
		sep = ", ";
	}
}

char *
record_render(struct arena *a, const struct record *r)
{
	static const struct {
		const char *type;
		void (*draw)(struct drawing *d);
	} rows[] = {{"open", draw_open}, {"cert", draw_cert}, {"input", draw_text},
	    {"note", draw_text}, {"intent", draw_intent}, {"plan", draw_plan},
	    {"request", draw_request}, {"approval", draw_approval}, {"denial", draw_approval},
	    {"begin", draw_begin}, {"outcome", draw_outcome}, {"hold", draw_hold},
	    {"release", draw_hold}, {"screen", draw_screen}, {"terminal", draw_terminal},
	    {"impact", draw_impact}, {"status", draw_text}, {"incident", draw_incident},
	    {"recover", draw_recover}};
	struct drawing d = {.a = a, .json = r->json};
	char *out;
	size_t i, n = sizeof(rows) / sizeof(rows[0]);

	buf_init(&d.b, RENDER_MAX);
	buf_printf(&d.b, "%5llu  %.10s %.8s  %-10s  ", (unsigned long long)r->seq, r->t, r->t + 11,
	    text_inert(a, r->type, strlen(r->type), 0));
	for (i = 0; i < n && strcmp(rows[i].type, r->type) != 0; i++)
		;
	if (i < n)
		rows[i].draw(&d);
	else
		draw_rest(&d);
	out = arena_strndup(a, buf_str(&d.b), d.b.len);
	buf_free(&d.b);
	return out;
}
