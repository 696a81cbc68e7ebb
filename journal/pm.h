/*
 * The postmortem's insides. pm_load.c reads the files in one order, pm_rows.c says what each is,
 * pm_plans.c and pm_facts.c draw together what belongs together; then one file a format. Strings of
 * the model are as they came: hostile. They become text only through pm_text.c.
 */
#ifndef JOURNAL_PM_H
#define JOURNAL_PM_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "hash.h"
#include "journal.h"
#include "line.h"
#include "postmortem.h"

#define PM_ROUTINE_MAX 20000 /* routine records listed; further ones are counted */
#define PM_EVENTS_MAX 200000
#define PM_NONE INT64_MIN /* a time that no record gives */

/* What a row of the timeline is; pm_kind_name(). */
enum pm_kind {
	PM_SESSION,
	PM_LOOKED,
	PM_INTENT,
	PM_REFUSED,
	PM_REQUEST,
	PM_APPROVAL,
	PM_DENIAL,
	PM_STEP,
	PM_ACT,
	PM_RESULT,
	PM_FAILED,
	PM_UNKNOWN,
	PM_PROOF,
	PM_HELD,
	PM_RELEASED,
	PM_ALARM,
	PM_NOTE,
	PM_DECISION,
	PM_IMPACT,
	PM_STATUS,
	PM_INCIDENT,
	PM_TOPOLOGY,
	PM_JOURNAL,
	PM_SAID,
	PM_KINDS
};

struct pm_source {		 /* one journal file */
	size_t no;		 /* as the merge counts */
	const char *file, *base; /* as given; without directories */
	const char *session, *person, *host, *cluster, *tool, *opened;
	const char *policy; /* digest of the rules that judged there, or "" */
	const char *label;  /* "5dch2mtf", with ".1" for a continuing file */
	int part;
	int64_t bytes;
	uint64_t redacted; /* secrets taken out before they were written */
	int has_offset;
	int64_t offset_s; /* local time - UTC, as the session's machine had it */
	const struct verify_report *report;
	const char *cut; /* why reading stopped before the end, or NULL */
	uint64_t records, left_out;
	int64_t behind_us;	 /* its clock, at least, against what it provably followed */
	struct pm_event *behind; /* the record that shows it */
};

struct pm_event {
	struct pm_source *source;
	uint64_t seq;
	int64_t us, order_us; /* since the epoch; never before what it follows */
	char t[JLINE_T_CHARS + 1], type[JLINE_TYPE_MAX + 1];
	json_t *json;
	char leaf[SHA256_HEX];
	struct pm_event *next_free; /* of pm->unused */
	struct pm_plan *plan;
	/* the row */
	enum pm_kind kind;
	const char *who, *node, *role, *what;
	int is_routine;
};

struct pm_proof {
	const char *node, *held_at, *hardened_at;
	struct pm_event *held, *proven; /* proven: the outcome of seeing it again, or NULL */
	int is_proven;
};

struct pm_answer { /* a signature under a request */
	struct pm_event *event;
	int64_t wait_us; /* since the request */
};

/* One plan: what was wanted, who agreed, what was done. */
struct pm_plan {
	const char *id, *text, *danger, *level, *reason, *undoes, *way_back, *outcome;
	const char *node, *role, *database;
	const char *before, *after; /* positions on the node, or NULL */
	json_t *json;		    /* the filed plan, or NULL */
	struct pm_event *intent, *filed, *request, *approval, *denial;
	struct pm_event *first, *last;			/* first begin, last outcome */
	struct pm_event *act, *done, *failed, *unknown; /* act: what changed something */
	struct pm_event *before_event, *after_event, *rows_event, *recovered;
	struct pm_proof *proofs;
	size_t nproofs;
	struct pm_answer *answers; /* approvals, one a person; `approval` is the first */
	size_t nanswers;
	int in_transaction, is_committed;
	int64_t rows;
};

struct pm_person {
	const char *name, *shown; /* blameless: a role */
	size_t sessions, acts, approvals, denials, notes;
	const char *role;
	struct pm_event *first, *last;
	struct pm_event *duty; /* since when on duty for an incident; NULL not, or not any more */
	int64_t duty_us;       /* in all */
};

struct pm_system { /* a server, as pictures and plans saw it */
	const char *name, *identity, *version, *role, *role_last;
	struct pm_event *seen;
};

struct pm_estimate { /* what a long step said was left, and what was */
	const struct pm_plan *plan;
	struct pm_event *told, *end; /* end NULL: it never ended */
	const char *left;
};

struct pm_span { /* a replica held back */
	const char *node, *position, *hardened_at;
	const struct pm_plan *plan;
	struct pm_event *from, *hardened, *until; /* until NULL: still held at the end */
};

struct pm_sample { /* one node in one picture */
	struct pm_event *event;
	const char *node;
	int64_t lag_bytes, lag_ms; /* -1 unknown */
	int is_held;
};

struct pm_loss {			      /* a time during which something was gone */
	const struct pm_plan *plan, *restore; /* restore NULL: nothing brought it back */
	struct pm_event *from, *until;	      /* NULL: open */
	const char *how;
};

struct pm_metric {
	const char *id, *name, *value, *means;
	int64_t us; /* the figure where it is a duration; PM_NONE */
	struct pm_event *from, *to;
};

struct pm_fact { /* what a record has to say under a heading */
	const char *text;
	struct pm_event *event;
};

struct pm_section {			 /* for people */
	const char *title, *hint, *text; /* text NULL: TODO */
	int is_ours;
	struct pm_fact *facts;
	size_t nfacts;
};

struct pm_mark { /* what a note calls itself, "decision: ..." */
	const char *word;
	enum pm_kind kind;
};

struct pm {
	struct arena *a;
	const struct postmortem_setup *setup;
	struct pm_source *sources;
	size_t nsources;
	enum verify_code worst;
	struct verify_item *items;
	size_t nitems;
	struct pm_event **events;	/* in causal order */
	size_t nevents, nroutine, room; /* room of events: kept when they are closed up */
	uint64_t left_out;
	struct pm_steps *steps; /* pm_lean.c: what is kept of each plan's steps */
	size_t nsteps, nforgotten;
	json_t *steps_by_plan;
	struct pm_event *unused;
	int64_t bytes, began_ms, told_ms;
	struct pm_plan **plans;
	size_t nplans;
	struct pm_person *people;
	size_t npeople;
	struct pm_span *spans;
	size_t nspans;
	struct pm_sample *samples;
	size_t nsamples;
	struct pm_event *before, *during, *after; /* pictures; NULL */
	struct pm_loss *losses;
	size_t nlosses;
	struct pm_metric *metrics;
	size_t nmetrics;
	struct pm_section *sections;
	size_t nsections;
	struct pm_system *systems;
	size_t nsystems;
	struct pm_estimate *estimates;
	size_t nestimates;
	char **skews; /* sentences about clocks */
	size_t nskews;
	const char *incident, *title, *severity;
	struct pm_event *start, *end; /* T+0; the last one */
};

/* pm_load.c */
int pm_load(struct pm *pm, struct err *e);
void pm_free(struct pm *pm);
/* The journal of that file; NULL: it is a copy of another, or cannot be read. */
const struct pm_source *pm_source(const struct pm *pm, const char *file);
const char *pm_base(const char *file); /* without directories */
/* A member that is a string, or the text of bytes that were none; NULL where it is neither. */
const char *pm_str(const json_t *o, const char *key);
int64_t pm_int(const json_t *o, const char *key, int64_t none);
/* Microseconds of an RFC 3339 time with Z; PM_NONE. */
int64_t pm_time(const char *t);

/* pm_lean.c */
int pm_is_routine_type(const char *type);
int pm_wants(void *pm, const char *type);
void pm_let_go(struct pm *pm);
void pm_close_up(struct pm *pm);

/* pm_rows.c */
void pm_rows(struct pm *pm);
const char *pm_kind_name(enum pm_kind k);
/* pm_plans.c */
void pm_plans(struct pm *pm);
struct pm_plan *pm_plan(struct pm *pm, const char *id, int make);
int pm_is_act(const json_t *step);
/* Who approved, each with the time it took: "bob after 2 min, carol after 5 min". */
const char *pm_approvers(struct pm *pm, const struct pm_plan *p);
/* What could not be held and was accepted by name: it takes the act as well. */
const char *pm_accepted(struct pm *pm, const struct pm_plan *p);
/* How old each backup was when it was wanted: "nightly 3 h 0 min old, never proved"; "" where
 * none is declared. */
const char *pm_backups(struct pm *pm, const struct pm_plan *p);
/* The rules that judged it, "destructive, cascade". */
const char *pm_rules(struct pm *pm, const struct pm_plan *p);
/* Dangerous, opaque or destructive, or asked for a second person. */
int pm_is_dangerous(const struct pm_plan *p);
/* pm_facts.c, pm_metrics.c */
void pm_facts(struct pm *pm);
void pm_metrics(struct pm *pm);
void pm_losses(struct pm *pm);
/* pm_systems.c: servers, and what long steps said of their end */
void pm_systems(struct pm *pm);
void pm_estimates(struct pm *pm);
/* Microseconds without any record before this one; 0 where it is less than people ask about. */
int64_t pm_gap(const struct pm *pm, size_t i);
/* pm_suggest.c: what records say under people's headings */
void pm_suggest(struct pm *pm);
/* A note that begins with that word and a colon. */
int pm_note_says(const struct pm_event *ev, const char *word);
/* pm_notes.c */
void pm_sections(struct pm *pm);
void pm_write_notes(struct pm *pm, struct buf *b);

/* pm_text.c. Arena memory; NULL is "". */
char *pm_inert(struct pm *pm, const char *s, unsigned flags); /* names replaced if blameless */
char *pm_html(struct pm *pm, const char *s);		      /* may hold line feeds */
char *pm_md(struct pm *pm, const char *s);
char *pm_csv(struct pm *pm, const char *s); /* with its quotes */
char *pm_utc(struct pm *pm, int64_t us);    /* "2026-11-23 22:46:40.797Z" */
char *pm_local(struct pm *pm, const struct pm_event *ev);
char *pm_since(struct pm *pm, int64_t us); /* "+0:01:02.3" since the start */
char *pm_duration(struct pm *pm, int64_t us);
char *pm_ref(struct pm *pm, const struct pm_event *ev); /* "5dch2mtf:40"; "" for NULL */
size_t pm_source_no(const struct pm *pm, const struct pm_source *s);
const char *pm_verdict(enum verify_code code);
/* The hash of the last record that holds, or "". */
const char *pm_head(const struct verify_report *r);
/* Itself where it is letters, digits, ':' and the like; "" where it is anything else. */
const char *pm_word(const char *s);
struct pm_word_meaning {
	const char *word, *means;
};
extern const struct pm_word_meaning pm_glossary[]; /* ends with NULL */

/* one a format */
void pm_write_md(struct pm *pm, struct buf *b);
void pm_write_json(struct pm *pm, struct buf *b);
void pm_write_csv(struct pm *pm, struct buf *b);
void pm_write_html(struct pm *pm, struct buf *b);
/* pm_svg.c, pm_chart.c: pictures for the page */
void pm_svg_topology(
    struct pm *pm, struct buf *b, const json_t *nodes, int64_t at_us, const char *label);
void pm_chart_lag(struct pm *pm, struct buf *b);
void pm_chart_held(struct pm *pm, struct buf *b);
void pm_player(struct pm *pm, struct buf *b);
/* pm_html_parts.c: pictures, dangerous actions, people's parts; the first of those by itself */
void pm_html_parts(struct pm *pm, struct buf *b);
void pm_html_summary(struct pm *pm, struct buf *b);
/* pm_html_figures.c */
void pm_html_nav(struct buf *b);
void pm_html_figures(struct pm *pm, struct buf *b);
/* pm_html_more.c */
void pm_html_more(struct pm *pm, struct buf *b);
void pm_html_made(struct pm *pm, struct buf *b);
/* A link to the record's row; "" for NULL. */
const char *pm_html_ref(struct pm *pm, const struct pm_event *ev);
/* True where a hold of the node stands at that time. */
const struct pm_span *pm_held_at(const struct pm *pm, const char *node, int64_t us);
/* pm_page_table.c */
extern const char pm_page_style[], pm_page_script[];

#endif
