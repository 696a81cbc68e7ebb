/*
 * What each record says, as a row of the timeline: kind, who, where, one sentence. Sentences are
 * put together from the record's own members and nothing else.
 */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

const char *
pm_kind_name(enum pm_kind k)
{
	static const char *const names[PM_KINDS] = {"session", "looked", "intent", "refused",
	    "request", "approval", "denial", "step", "act", "result", "failed", "unknown", "proof",
	    "held", "released", "alarm", "note", "decision", "impact", "status", "incident",
	    "topology", "journal", "said"};

	return k < PM_KINDS ? names[k] : "";
}

static const char *
str(const struct pm_event *ev, const char *key)
{
	const char *s = pm_str(ev->json, key);

	return s == NULL ? "" : s;
}

static const char *
plus(struct pm *pm, const char *text, const char *before, const char *more, const char *after)
{
	if (more == NULL || more[0] == '\0')
		return text;
	return arena_printf(pm->a, "%s%s%s%s", text, before, more, after);
}

static void
row_open(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_SESSION;
	ev->what = plus(pm, "opens a session on ", "", str(ev, "host"), "");
	ev->what = plus(pm, ev->what, ", cluster ", str(ev, "cluster"), "");
	ev->what = plus(pm, ev->what, " (", str(ev, "tool"), ")");
}

static void
row_close(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_SESSION;
	ev->what = arena_printf(pm->a, "leaves; the journal is sealed with %lld records",
	    (long long)pm_int(ev->json, "records", -1));
}

static void
row_input(struct pm *pm, struct pm_event *ev)
{
	(void)pm;
	ev->kind = PM_LOOKED;
	ev->what = str(ev, "text");
}

static void
row_intent(struct pm *pm, struct pm_event *ev)
{
	const json_t *why = json_array_get(json_object_get(ev->json, "reasons"), 0);
	int is_refused = strcmp(str(ev, "level"), "refuse") == 0;

	ev->kind = is_refused ? PM_REFUSED : PM_INTENT;
	ev->what = plus(pm, is_refused ? "REFUSED: " : "wants: ", "", str(ev, "text"), "");
	ev->what = plus(pm, ev->what, " [", str(ev, "danger"), "]");
	if (is_refused)
		ev->what = plus(pm, ev->what, " ", pm_str(why, "sentence"), "");
	else
		ev->what = plus(pm, ev->what, ", level ", str(ev, "level"), "");
}

static void
row_plan(struct pm *pm, struct pm_event *ev)
{
	const json_t *plan = json_object_get(ev->json, "plan");

	ev->kind = PM_STEP;
	ev->is_routine = 1;
	ev->what = arena_printf(pm->a, "the plan, %s, sha256:%s",
	    text_many(pm->a, (int64_t)json_array_size(json_object_get(plan, "steps")), "step"),
	    str(ev, "digest"));
}

static void
row_request(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_REQUEST;
	ev->what =
	    plus(pm, "files request ", "", arena_printf(pm->a, "%.8s", str(ev, "request")), "");
	ev->what =
	    plus(pm, ev->what, "; it waits for another person until ", str(ev, "expires"), "");
}

/* A member of a signed statement, to the end of its line. */
static const char *
signed_member(struct pm *pm, const struct pm_event *ev, const char *key)
{
	const char *p = strstr(str(ev, "statement"), arena_printf(pm->a, "\n%s: ", key));

	if (p == NULL)
		return "";
	p += strlen(key) + 3;
	return arena_strndup(pm->a, p, strcspn(p, "\n"));
}

static const char *
unhexed(struct pm *pm, const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *out = arena_alloc(pm->a, n + 1);

	return hex_decode(hex, out, n) == 0 ? out : "";
}

static void
row_approval(struct pm *pm, struct pm_event *ev)
{
	int is_denial = strcmp(ev->type, "denial") == 0;

	ev->kind = is_denial ? PM_DENIAL : PM_APPROVAL;
	ev->who = str(ev, "person");
	ev->what = arena_printf(
	    pm->a, "%s request %.8s", is_denial ? "DENIES" : "approves", str(ev, "request"));
	ev->what = plus(pm, ev->what, ", signed at ", signed_member(pm, ev, "issued"), "");
	ev->what = plus(pm, ev->what, ": ", unhexed(pm, signed_member(pm, ev, "comment")), "");
}

static const char *
texts_of(struct pm *pm, const struct pm_event *ev)
{
	const json_t *texts = json_object_get(ev->json, "texts"), *t;
	const json_t *args = json_object_get(ev->json, "args");
	const char *out = "", *s;
	size_t i;

	/* What a procedure was given, by meaning; its words follow from them. */
	for (i = 0; str(ev, "proc")[0] == '\0' && i < json_array_size(texts); i++) {
		t = json_array_get(texts, i);
		s = json_is_object(t) ? pm_str(t, "text") : json_string_value(t);
		out = plus(pm, out, out[0] == '\0' ? "" : "; ", s, "");
	}
	if (str(ev, "proc")[0] == '\0')
		return out;
	out = plus(pm, str(ev, "proc"), " of ", pm_str(args, "table"), "");
	out = plus(pm, out, " of job ", pm_str(args, "job"), "");
	out = plus(pm, out, " of ", pm_str(args, "above"), "");
	out = plus(pm, out, "/", pm_str(args, "name"), "");
	out = plus(pm, out, " from ", pm_str(args, "from"), "");
	return plus(pm, out, " to ", pm_str(args, "to"), "");
}

static void
row_begin(struct pm *pm, struct pm_event *ev)
{
	int is_act = pm_is_act(ev->json);

	ev->kind = is_act ? PM_ACT : PM_STEP;
	ev->is_routine = !is_act || strcmp(str(ev, "kind"), "release") == 0;
	ev->what = arena_printf(pm->a, "begins step %lld (%s): %s",
	    (long long)pm_int(ev->json, "step", 0), str(ev, "kind"), texts_of(pm, ev));
}

static void
row_proof(struct pm *pm, struct pm_event *ev, int ok)
{
	ev->kind = PM_PROOF;
	ev->is_routine = 0;
	ev->what = arena_printf(pm->a, "%s: %s %s%s", ok ? "PROVEN" : "NOT PROVEN", str(ev, "node"),
	    ok ? "did not replay the statement" : "", ok ? "" : str(ev, "error"));
}

static void
row_outcome(struct pm *pm, struct pm_event *ev)
{
	int ok = !json_is_false(json_object_get(ev->json, "ok")), is_act = pm_is_act(ev->json);
	const char *kind = str(ev, "kind");
	int64_t rows = pm_int(ev->json, "rows", -1);

	if (strcmp(kind, "prove-again") == 0) {
		row_proof(pm, ev, ok);
		return;
	}
	ev->kind = !ok ? PM_FAILED : is_act ? PM_RESULT : PM_STEP;
	ev->is_routine = ok && (!is_act || strcmp(kind, "release") == 0);
	ev->what = arena_printf(pm->a, "step %lld (%s) %s", (long long)pm_int(ev->json, "step", 0),
	    kind, ok ? "is done" : "FAILED");
	ev->what = plus(pm, ev->what, ": ", ok ? str(ev, "tag") : str(ev, "error"), "");
	ev->what = plus(pm, ev->what, " [", str(ev, "sqlstate"), "]");
	if (rows >= 0 && is_act)
		ev->what = arena_printf(pm->a, "%s, %s", ev->what, text_many(pm->a, rows, "row"));
	ev->what =
	    arena_printf(pm->a, "%s, %lld ms", ev->what, (long long)pm_int(ev->json, "ms", 0));
}

static void
row_output(struct pm *pm, struct pm_event *ev)
{
	int ok = !json_is_false(json_object_get(ev->json, "ok"));

	ev->kind = PM_LOOKED;
	ev->what = plus(pm, ok ? "answer: " : "error: ", "", str(ev, ok ? "tag" : "error"), "");
	ev->what =
	    arena_printf(pm->a, "%s, %lld ms", ev->what, (long long)pm_int(ev->json, "ms", 0));
}

#define SAID_MAX ((size_t)4000)

/* What holdfast answered, as its operator saw it: its beginning, as much as people read again. */
static void
row_screen(struct pm *pm, struct pm_event *ev)
{
	const char *head = str(ev, "head");
	size_t n = strlen(head);

	ev->kind = PM_SAID;
	ev->what = head;
	if (n > SAID_MAX) {
		for (n = SAID_MAX; n > 0 && ((unsigned char)head[n] & 0xc0) == 0x80; n--)
			;
		ev->what = arena_strndup(pm->a, head, n);
	}
	if (n < (size_t)pm_int(ev->json, "bytes", 0) &&
	    n + 1 < (size_t)pm_int(ev->json, "bytes", 0))
		ev->what = arena_printf(pm->a, "%s\n... %s in all", ev->what,
		    text_bytes(pm->a, pm_int(ev->json, "bytes", 0)));
	if (pm_int(ev->json, "rows_bytes", 0) > 0)
		ev->what = arena_printf(pm->a, "%s%s(rows of %s, not kept)", ev->what,
		    ev->what[0] == '\0' ? "" : "\n",
		    text_bytes(pm->a, pm_int(ev->json, "rows_bytes", 0)));
}

static void
row_cert(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_JOURNAL;
	ev->is_routine = 1;
	ev->what = plus(pm, "signs for this session with a key of their own", "", NULL, "");
}

static void
row_terminal(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_JOURNAL;
	ev->is_routine = 1;
	ev->what = arena_printf(pm->a, "terminal of %lld columns and %lld rows",
	    (long long)pm_int(ev->json, "columns", 0), (long long)pm_int(ev->json, "rows", 0));
}

static void
row_progress(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_STEP;
	ev->is_routine = 1;
	ev->what = plus(pm, "progress: ", "", str(ev, "text"), "");
}

static void
row_hold(struct pm *pm, struct pm_event *ev)
{
	int is_release = strcmp(ev->type, "release") == 0;

	ev->kind = is_release ? PM_RELEASED : PM_HELD;
	ev->what = plus(pm, is_release ? "released: " : "held back: ", "", str(ev, "node"),
	    is_release ? " replays again" : "");
	ev->what = plus(pm, ev->what, " at ", str(ev, "position"), "");
	ev->what =
	    plus(pm, ev->what, ", hardened against a restart at ", str(ev, "hardened_at"), "");
}

static void
row_alarm(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_ALARM;
	ev->what = plus(pm, "ALARM: ", "", str(ev, "sentence"), "");
}

/* A note may begin with what it is: "decision: stay on pg1". */
static const struct pm_mark marks[] = {
    {"decision", PM_DECISION}, {"impact", PM_IMPACT}, {"status", PM_STATUS}, {"alarm", PM_ALARM}};

static void
row_note(struct pm *pm, struct pm_event *ev)
{
	const char *text = str(ev, "text");
	size_t i, n;

	(void)pm;
	ev->kind = PM_NOTE;
	ev->what = text;
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		n = strlen(marks[i].word);
		if (strncasecmp(text, marks[i].word, n) == 0 && text[n] == ':')
			ev->kind = marks[i].kind;
	}
}

static void
row_impact(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_IMPACT;
	ev->what = plus(pm, "impact: ", "", str(ev, "text"), "");
	ev->what = plus(pm, ev->what, ", from ", str(ev, "from"), "");
	ev->what = plus(pm, ev->what, ", until ", str(ev, "until"), "");
}

static void
row_status(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_STATUS;
	ev->what = plus(pm, "status update: ", "", str(ev, "text"), "");
}

static void
row_incident(struct pm *pm, struct pm_event *ev)
{
	const char *op = str(ev, "op")[0] != '\0' ? str(ev, "op") : str(ev, "action");
	const json_t *left = json_object_get(ev->json, "accepted");
	size_t i;

	ev->kind = PM_INCIDENT;
	ev->what = plus(pm, "incident ", "", op, "");
	ev->what = plus(pm, ev->what, " ", str(ev, "name"), "");
	ev->what = plus(pm, ev->what, ": ", str(ev, "title"), "");
	ev->what = plus(pm, ev->what, ", role ", str(ev, "role"), "");
	ev->what = plus(pm, ev->what, ", severity ", str(ev, "severity"), "");
	ev->what =
	    plus(pm, ev->what, str(ev, "to")[0] != '\0' ? ", from " : ": ", str(ev, "person"), "");
	ev->what = plus(pm, ev->what, " to ", str(ev, "to"), "");
	ev->what = plus(pm, ev->what, ", held: ", str(ev, "held"), "");
	for (i = 0; i < json_array_size(left); i++)
		ev->what = plus(pm, ev->what, i == 0 ? "; left open: " : "; ",
		    json_string_value(json_array_get(left, i)), "");
}

/* Shown where the picture is another than the one before: pm_facts.c clears the others. */
static void
row_topology(struct pm *pm, struct pm_event *ev)
{
	const json_t *nodes = json_object_get(ev->json, "nodes"), *n;
	const char *out = "seen:", *hold;
	size_t i;

	for (i = 0; i < json_array_size(nodes); i++) {
		n = json_array_get(nodes, i);
		hold = pm_str(n, "hold");
		out = plus(pm, out, i == 0 ? " " : ", ", pm_str(n, "name"), "");
		out = plus(pm, out, " ", pm_str(n, "role"), "");
		if (hold != NULL && strcmp(hold, "none") != 0)
			out = plus(pm, out, " (", hold, ")");
	}
	ev->kind = PM_TOPOLOGY;
	ev->what = out;
}

static void
row_clock(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_JOURNAL;
	ev->what = arena_printf(pm->a, "the clock of %s was set by %lld ms", ev->source->host,
	    (long long)pm_int(ev->json, "step_ms", 0));
}

static void
row_degraded(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_JOURNAL;
	ev->what = plus(pm, "the journal went on in another file: ", "", str(ev, "why"), "");
}

static void
row_recover(struct pm *pm, struct pm_event *ev)
{
	const json_t *of = json_object_get(ev->json, "of");

	ev->kind = PM_RESULT;
	ev->what = arena_printf(pm->a, "what became of record %.8s:%lld: ",
	    pm_str(of, "session") == NULL ? "" : pm_str(of, "session"),
	    (long long)pm_int(of, "seq", -1));
	ev->what = plus(pm, ev->what, "", str(ev, "status"), "");
}

static void
row_other(struct pm *pm, struct pm_event *ev)
{
	ev->kind = PM_JOURNAL;
	ev->is_routine = 1;
	ev->what = plus(pm, "record of type ", "", ev->type, "");
}

static const struct {
	const char *type;
	void (*fill)(struct pm *pm, struct pm_event *ev);
} types[] = {{"open", row_open}, {"close", row_close}, {"input", row_input}, {"intent", row_intent},
    {"plan", row_plan}, {"request", row_request}, {"approval", row_approval},
    {"denial", row_approval}, {"begin", row_begin}, {"outcome", row_outcome},
    {"output", row_output}, {"screen", row_screen}, {"cert", row_cert}, {"terminal", row_terminal},
    {"progress", row_progress}, {"hold", row_hold}, {"release", row_hold}, {"alarm", row_alarm},
    {"note", row_note}, {"impact", row_impact}, {"status", row_status}, {"incident", row_incident},
    {"topology", row_topology}, {"clock", row_clock}, {"degraded", row_degraded},
    {"recover", row_recover}};

void
pm_rows(struct pm *pm)
{
	struct pm_event *ev;
	size_t i, k;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		ev->who = ev->source->person;
		ev->node = str(ev, "node");
		for (k = 0; k < sizeof(types) / sizeof(types[0]); k++)
			if (strcmp(types[k].type, ev->type) == 0)
				break;
		if (k < sizeof(types) / sizeof(types[0]))
			types[k].fill(pm, ev);
		else
			row_other(pm, ev);
	}
}
