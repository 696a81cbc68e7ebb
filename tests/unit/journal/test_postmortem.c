/*
 * The postmortem's judgement: how each plan ended, what stays unknown, what is held to the end, and
 * the figures that people's own records give. On journals no real session would leave, too.
 */
#include "fixture.h"
#include "buf.h"
#include "postmortem.h"

#define S1 "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PLAN "bbbbbbbbbbbbbbbbbbbbbbbbbb"
#define STEP(n, part, kind, node)                                                                  \
	",\"plan\":\"" PLAN "\",\"step\":" #n ",\"part\":\"" part "\",\"kind\":\"" kind            \
	"\",\"node\":\"" node "\""
#define BEGIN(n, part, kind, node)                                                                 \
	"begin", STEP(n, part, kind, node) ",\"texts\":[\"DROP TABLE t\"]"
#define OK(n, part, kind, node) "outcome", STEP(n, part, kind, node) ",\"ok\":true,\"ms\":1"
#define NOT_OK(n, part, kind, node)                                                                \
	"outcome", STEP(n, part, kind, node) ",\"ok\":false,\"error\":\"broke\",\"ms\":1"
#define INTENT                                                                                     \
	"intent", ",\"plan\":\"" PLAN "\",\"text\":\"DROP TABLE t\",\"danger\":\"destructive\","   \
		  "\"level\":\"approve\",\"reasons\":[{\"rule\":\"destructive\"}]"
#define HOLD(node) "hold", ",\"plan\":\"" PLAN "\",\"node\":\"" node "\",\"position\":\"0/1\""
#define END NULL, NULL

/* A journal of pairs type, members; record i is written at 10:00:i. A type "+MM" is none: what
 * follows comes so many minutes later. */
static char *
document(enum postmortem_format format, const char *members, ...)
{
	struct fixture f;
	struct buf text, out;
	struct err e = {0};
	const char *type = members, *rest, *file;
	va_list ap;
	char *copy;
	int i, fd, late = 0;

	fixture_init(&f);
	buf_init(&text, 1 << 20);
	buf_init(&out, 8 << 20);
	file = arena_printf(f.a, "%s/j.jsonl", f.dir);
	buf_printf(&text,
	    "{\"prev\":\"%064d\",\"seq\":0,\"t\":\"2026-11-22T10:00:00.000000Z\",\"boot\":\"1\","
	    "\"type\":"
	    "\"open\",\"session\":\"" S1
	    "\",\"person\":\"alice\",\"host\":\"h\",\"part\":0,\"offset\":3600}\n",
	    0);
	va_start(ap, members);
	for (i = 1; type != NULL; i++) {
		rest = va_arg(ap, const char *);
		if (type[0] == '+') {
			late += (int)strtol(type + 1, NULL, 10);
			type = rest;
			rest = va_arg(ap, const char *);
		}
		buf_printf(&text,
		    "{\"prev\":\"%064d\",\"seq\":%d,\"t\":\"2026-11-22T%02d:%02d:%02d.000000Z\","
		    "\"boot\":\"1\","
		    "\"type\":\"%s\"%s}\n",
		    0, i, 10 + late / 60, late % 60, i, type, rest);
		type = va_arg(ap, const char *);
	}
	va_end(ap);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, text.data, text.len), text.len);
	close(fd);
	if (postmortem_write(f.a,
		&(struct postmortem_setup){
		    .paths = &file, .npaths = 1, .operators = &f.operators, .format = format},
		&out, &e) != 0)
		fail_msg("%s", e.msg);
	copy = strdup(buf_str(&out));
	buf_free(&text);
	buf_free(&out);
	fixture_done(&f);
	return copy;
}

static void
has(char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("\"%s\" is not in: %s", want, text);
}

static void
has_not(char *text, const char *want)
{
	if (strstr(text, want) != NULL)
		fail_msg("\"%s\" is in: %s", want, text);
}

static void
test_outcomes(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, INTENT, END);
	has(t, "Outcome: **NOT RUN**");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, "request", ",\"request\":\"" PLAN "\"", END);
	has(t, "Outcome: **NOT RUN: never approved**");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "statement", "pg1"),
	    OK(1, "main", "statement", "pg1"), END);
	has(t, "Outcome: **DONE**");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "statement", "pg1"),
	    NOT_OK(1, "main", "statement", "pg1"), END);
	has(t, "Outcome: **FAILED: broke**");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "before", "hold", "pg2"),
	    NOT_OK(1, "before", "hold", "pg2"), END);
	has(t, "Outcome: **STOPPED before the act: broke**");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "begin", "pg1"),
	    OK(1, "main", "begin", "pg1"), BEGIN(2, "main", "statement", "pg1"),
	    OK(2, "main", "statement", "pg1"), END);
	has(t, "Outcome: **ROLLED BACK**");
	free(t);
}

static void
test_unknown(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "statement", "pg1"), END);
	has(t, "Outcome: **OUTCOME UNKNOWN");
	has(t, "| unknown | OUTCOME UNKNOWN: it began, and no record says how it ended: begins "
	       "step 1");
	has_not(t, "**DONE**");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "statement", "pg1"), "recover",
	    ",\"of\":{\"session\":\"" S1 "\",\"seq\":2},\"status\":\"committed\"", END);
	has(t, "Outcome: **was unknown, then: committed**");
	free(t);
	/* Another record's fate says nothing about this one. */
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "statement", "pg1"), "recover",
	    ",\"of\":{\"session\":\"" S1 "\",\"seq\":1},\"status\":\"committed\"", END);
	has(t, "Outcome: **OUTCOME UNKNOWN");
	free(t);
}

static void
test_proofs(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, INTENT, HOLD("pg2"), HOLD("pg3"),
	    BEGIN(1, "main", "statement", "pg1"), OK(1, "main", "statement", "pg1"),
	    BEGIN(2, "after", "prove-again", "pg2"), NOT_OK(2, "after", "prove-again", "pg2"),
	    "release", ",\"node\":\"pg3\"", END);
	has(t, "Outcome: **DONE, 1 of 2 holds NOT PROVEN**");
	has(t, "| pg2 | 0/1 |  | NOT PROVEN |");
	has(t, "| pg3 | 0/1 |  | not looked at again |");
	has(t, "| pg2 | 2026-11-22 10:00:02.000Z | **still held** |");
	has(t, "| pg3 | 2026-11-22 10:00:03.000Z | 2026-11-22 10:00:08.000Z | 5.0 s |");
	has(t, "- Before: no picture was taken");
	free(t);
	t = document(POSTMORTEM_HTML, INTENT, HOLD("pg2"), END);
	has(t, "1 still held");
	has(t, "STILL HELD");
	has(t, "No record tells how far behind the replicas were.");
	free(t);
}

static void
test_figures(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, "incident", ",\"action\":\"open\",\"name\":\"I1\"", "impact",
	    ",\"text\":\"no "
	    "orders\",\"from\":\"2026-11-22T09:58:00Z\",\"until\":\"2026-11-22T10:01:00Z\"",
	    "note", ",\"text\":\"workaround: traffic goes to pg3\"", "note",
	    ",\"text\":\"Correcting: by hand\"", "status", ",\"text\":\"we are on it\"", END);
	has(t, "| Started | 2026-11-22 09:58:00.000Z |");
	has(t, "| Detected | 2026-11-22 10:00:01.000Z | the incident was opened |");
	has(t, "| Detection time | 2 min 1 s |");
	has(t, "| Work-around time | 2.0 s |");
	has(t, "| Lead time | 3.0 s |");
	has(t, "| Correction time | 56.0 s |");
	has(t, "| In all | 3 min 0 s |");
	has(t, "| First status update | 2026-11-22 10:00:05.000Z |");
	has(t, "| 2026-11-22 10:00:02.000Z | 11:00:02 +01:00 |");
	free(t);
	t = document(POSTMORTEM_MD, "incident",
	    ",\"action\":\"open\",\"name\":\"I1\",\"title\":\"No orders\",\"severity\":\"high\"",
	    "incident",
	    ",\"action\":\"role\",\"name\":\"I1\",\"role\":\"scribe\",\"person\":\"alice\"",
	    "incident",
	    ",\"action\":\"handover\",\"name\":\"I1\",\"person\":\"alice\",\"to\":\"bob\",\"held\":"
	    "\"pg2\"",
	    "incident", ",\"action\":\"close\",\"name\":\"I1\",\"accepted\":[\"pg2 is held\"]",
	    END);
	has(t, "# Postmortem: No orders\n");
	has(t, "Incident: I1. Severity: high.");
	has(t, "| alice | scribe |");
	has(t, "incident handover I1, from alice to bob, held: pg2 |");
	has(t, "incident close I1; left open: pg2 is held |");
	free(t);
	/* Nothing recorded, nothing invented. */
	t = document(POSTMORTEM_MD, "note", ",\"text\":\"hm\"", END);
	has(t, "| Started | TODO | no record says so |  |");
	has(t, "| In all | TODO |");
	has(t, "No record tells of data that was taken away.");
	free(t);
}

#define REQUEST "request", ",\"request\":\"" PLAN "\""
#define YES(who) "approval", ",\"request\":\"" PLAN "\",\"person\":\"" who "\""

/* Two persons had to agree; a third time the first one says it counts nothing. */
static void
test_approvals(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, INTENT, REQUEST, YES("bob"), YES("bob"), YES("carol"),
	    BEGIN(1, "main", "statement", "pg1"), OK(1, "main", "statement", "pg1"), END);
	has(t, "- Approved by bob after 1.0 s, carol after 3.0 s");
	has(t, "| Approval of bbbbbbbb by carol | 3.0 s |");
	has(t, "| Approval, longest | 3.0 s |");
	free(t);
	/* What a plan does on a host is an act like any other. */
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "move", "db1"), END);
	has(t, "Outcome: **OUTCOME UNKNOWN");
	has(t, "| Started | 2026-11-22 10:00:02.000Z | the first dangerous act");
	free(t);
}

static void
test_duty_and_severity(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, "incident",
	    ",\"action\":\"open\",\"name\":\"I1\",\"severity\":\"SEV2\"", "+10", "incident",
	    ",\"action\":\"severity\",\"name\":\"I1\",\"severity\":\"SEV1\"", "+20", "note",
	    ",\"text\":\"todo: an alarm on lag\"", "note", ",\"text\":\"acknowledged: I have it\"",
	    "incident", ",\"action\":\"handover\",\"name\":\"I1\",\"to\":\"bob\"", "+5", "incident",
	    ",\"action\":\"close\",\"name\":\"I1\"", "note", ",\"text\":\"after it\"", END);
	has(t,
	    "| alice | TODO | 2026-11-22 10:00:00.000Z | 2026-11-22 10:35:07.000Z | 30 min 4 s |");
	has(t, "| In severity SEV2 | 10 min 1 s |");
	has(t, "| In severity SEV1 | 25 min 4 s | from the word to the end of the incident |");
	has(t, "| Acknowledged | 2026-11-22 10:30:04.000Z | the first note that says so |");
	has(t, "| | | | | | | gap | no record for 20 min 1 s |");
	has_not(t, "no record for 10 min");
	has(t, "From the records:\n\n- todo: an alarm on lag [");
	free(t);
}

static void
test_suggestions(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "statement", "pg1"),
	    NOT_OK(1, "main", "statement", "pg1"), "intent",
	    ",\"plan\":\"cccccccccccccccccccccccccc\",\"text\":\"DROP TABLE t\",\"danger\":"
	    "\"destructive\",\"level\":\"refuse\"",
	    END);
	has(t, "- tried 2 times, 2 of them failed or were refused: DROP TABLE t [");
	has(t, "- refused before anything was sent: DROP TABLE t [");
	has(t, "- it failed: DROP TABLE t [");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, REQUEST, "denial",
	    ",\"request\":\"" PLAN "\",\"person\":\"bob\"", END);
	has(t, "- bob said no to it: DROP TABLE t [");
	free(t);
	/* A replica somebody had paused long before. */
	t = document(POSTMORTEM_MD, "topology",
	    ",\"nodes\":[{\"name\":\"pg1\",\"role\":\"primary\",\"version\":\"15.18\",\"identity\":"
	    "\"77\"},{\"name\":\"pg2\",\"role\":\"replica\",\"hold\":\"paused\"}]",
	    INTENT, BEGIN(1, "main", "statement", "pg1"), OK(1, "main", "statement", "pg1"), END);
	has(t, "- pg2 was paused before anybody asked for it [");
	has(t, "| pg1 | primary | 15.18 | 77 |");
	has(t, "| pg2 | replica | TODO |");
	free(t);
}

#define PROGRESS(n, text)                                                                          \
	"progress", ",\"plan\":\"" PLAN "\",\"step\":" #n ",\"node\":\"pg1\",\"text\":\"" text "\""

/* What the step said was left, each time, and what was. */
static void
test_estimates(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "load", "pg1"),
	    PROGRESS(1, "copying: 1 MB, 5 min left"), "+2",
	    PROGRESS(1, "copying: 2 MB, 3 min left"), "+1", OK(1, "main", "load", "pg1"), END);
	has(t, "| bbbbbbbb | 2026-11-22 10:00:03.000Z | 5 min left | 3 min 2 s |");
	has(t, "| bbbbbbbb | 2026-11-22 10:02:04.000Z | 3 min left | 1 min 1 s |");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, BEGIN(1, "main", "load", "pg1"),
	    PROGRESS(1, "copying: 1 MB, 5 min left"), END);
	has(t, "| 5 min left | it did not end here |");
	free(t);
}

/* Members of other types than any session writes: shown or passed by, never trusted. */
static void
test_odd(void **state)
{
	static const enum postmortem_format formats[] = {
	    POSTMORTEM_MD, POSTMORTEM_JSON, POSTMORTEM_CSV, POSTMORTEM_HTML, POSTMORTEM_NOTES};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		free(document(formats[i], INTENT, "intent", ",\"plan\":7,\"reasons\":{}", "plan",
		    ",\"id\":\"" PLAN
		    "\",\"plan\":{\"nodes\":5,\"steps\":\"x\",\"losses\":[1],\"session\":[]}",
		    "plan", ",\"id\":\"" PLAN "\",\"plan\":\"x\"", "begin",
		    ",\"plan\":\"" PLAN
		    "\",\"step\":\"x\",\"part\":1,\"texts\":[{},1,{\"text\":2}]",
		    "outcome", ",\"plan\":\"" PLAN "\",\"cells\":\"x\",\"rows\":\"many\",\"ok\":3",
		    "hold", ",\"node\":[],\"plan\":{}", "hold", "", "release",
		    ",\"node\":\"never held\"", "topology",
		    ",\"nodes\":[1,{\"name\":\"a\",\"role\":\"replica\",\"upstream\":\"b\"},{"
		    "\"name\":\"b\","
		    "\"role\":\"replica\",\"upstream\":\"a\",\"lag_bytes\":9007199254740991}]",
		    "topology", ",\"nodes\":{}", "approval",
		    ",\"request\":\"" PLAN "\",\"statement\":7", "denial",
		    ",\"request\":\"" PLAN
		    "\",\"person\":\"bob\",\"statement\":\"x\\ncomment: zz\\n\"",
		    "impact", ",\"from\":\"yesterday\"", "progress",
		    ",\"text\":\" left\",\"plan\":\"" PLAN "\"", "recover", ",\"of\":\"x\"",
		    "wholly-new", ",\"a\":[]", END));
}

/* How old the backups were is counted from when it was wanted, and what cannot be is not. */
static void
test_backups(void **state)
{
	char *t;

	(void)state;
	t = document(POSTMORTEM_MD,
	    INTENT ",\"backups\":["
		   "{\"name\":\"nightly\",\"newest\":\"x.dump\",\"made\":1795330801,\"proved\":"
		   "1795168801,\"ok\":true},"
		   "{\"name\":\"weekly\",\"newest\":\"y\",\"made\":1794909601,\"proved\":"
		   "1795338001,\"ok\":false},"
		   "{\"name\":\"fresh\",\"newest\":\"z\",\"made\":1795341541},"
		   "{\"name\":\"none\",\"newest\":\"\"},"
		   "{\"name\":\"odd|\",\"newest\":\"w\",\"made\":9007199254740991}]",
	    END);
	has(t, "- Backups then: nightly 3 h 0 min old, proved by a drill 2 days 0 h "
	       "before; weekly 5 days 0 h old, the drill 1 h 0 min before FAILED; fresh 1 min 0 s "
	       "old, never proved; none: there was none; odd\\| has a time to come");
	free(t);
	t = document(POSTMORTEM_MD, INTENT, END);
	has_not(t, "Backups then");
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_backups),
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_proofs),
	    cmocka_unit_test(test_figures),
	    cmocka_unit_test(test_approvals),
	    cmocka_unit_test(test_duty_and_severity),
	    cmocka_unit_test(test_suggestions),
	    cmocka_unit_test(test_estimates),
	    cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
