/*
 * The journal: append-only JSON Lines, hash-chained and signed. The writer acknowledges nothing
 * that is not durable. holdfast-journal(5) defines the format.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "hash.h"
#include "hold.h"
#include "job.h"
#include "operators.h"
#include "sshsig.h"

struct arena;
struct journal;

#define JOURNAL_LINE_MAX (1 << 20)

struct journal_setup {
	const char *const *dirs; /* first usable one is taken */
	size_t ndirs;
	const char *person;			    /* "" while unsigned */
	const char *cluster;			    /* name, for people */
	const char *operators_file, *policy_digest; /* hints written into open */
	const struct session_key *key;
	const char *copy;	   /* directory of a second copy, or NULL */
	const char *const *closed; /* program and arguments, run on every closed file; NULL none */
	size_t nclosed;
	/* Called from another thread while the writer waits for a disk that does not answer, after
	 * so many seconds: may write a line where people look. False: not now, it is asked
	 * again soon. NULL: nobody is told. */
	int (*slow)(void *ctx, const char *file, int seconds);
	void *slow_ctx;
};

/*
 * Creates this session's file (0600, O_APPEND|O_EXCL|O_NOFOLLOW, locked) and writes a durable
 * `open` that links to the newest predecessor of this person on this host. ERR_JOURNAL where no
 * directory works.
 */
int journal_open(const struct journal_setup *s, struct journal **out, struct err *e);
/* Writes a signed `close` and wipes nothing else. Accepts NULL. */
void journal_close(struct journal *j);
/* As journal_close; -1 with the first thing that went wrong: no close could be written, the copy
 * is behind, the site's program failed. The session is over in any case. */
int journal_finish(struct journal *j, struct err *e);
/* Seconds that the disk of the journal took to answer, where that was worth a word; then 0. */
int journal_waited(struct journal *j);
/* What is wrong with keeping the journal, in one sentence; NULL nothing. */
char *journal_trouble(struct arena *a, const struct journal *j);
const char *journal_session(const struct journal *j); /* 26 characters */
const char *journal_file(const struct journal *j);
/* "<session>:<seq>:<hex>" of the last record. */
char *journal_head(struct arena *a, struct journal *j);

/*
 * Appends a record of `type` with the members of `body` (stolen; an object; must not hold prev,
 * seq, t, boot, type, sig). Not durable until journal_sync returned 0. Strings are any UTF-8; use
 * journal_text for bytes. Returns ERR_JOURNAL once every directory failed.
 */
int journal_add(struct journal *j, const char *type, json_t *body, struct err *e);
/* fdatasync of everything added. */
int journal_sync(struct journal *j, struct err *e);
/* add + sync. */
int journal_put(struct journal *j, const char *type, json_t *body, struct err *e);
/* Appends a record signed by the session key (checkpoint), durable. */
int journal_checkpoint(struct journal *j, struct err *e);
/* Called when there is nothing to do but wait: does the work that records of reads put off. */
void journal_settle(struct journal *j);
/* Called from the loop: syncs reads within a second, checkpoints every 60 s with news. */
void journal_tick(struct journal *j);
/* False once no directory takes records: then only looking and safing work. */
int journal_is_writable(const struct journal *j);
uint64_t journal_seq(struct journal *j); /* of the last record */
/* Bytes as a JSON value: a string where they are UTF-8, else {"text": with U+FFFD, "raw": base64}.
 */
json_t *journal_text(const char *s, size_t len);

/* --- reading ------------------------------------------------------------------------------- */

/* journal verify's own exit codes (holdfast-journal(5)). */
enum verify_code {
	VERIFY_SEALED = 0,
	VERIFY_TAMPERED = 1,
	VERIFY_CRASH = 2,
	VERIFY_OPEN = 3,
	VERIFY_UNTRUSTED = 4,
	VERIFY_IO = 5,
};

struct verify_report {
	enum verify_code code;
	uint64_t records;
	uint64_t bad_seq;     /* where it stopped being true, when code is 1 or 2 */
	const char *sentence; /* one sentence, inert */
	const char *person;   /* whose key certified the session; NULL not established */
	const char *session;
	const char *witnessed; /* "record 41 by bob at 2026-...; 9 records unwitnessed" */
	size_t begins_without_outcome;
	int part;	    /* of its session: 0 the first file, each continuing file one more */
	const char *head;   /* "<session>:<seq>:<hex>" of the last record that holds; NULL none */
	const char *parent; /* the same of the predecessor's, as this file claims; NULL none */
	const struct witness *witnesses; /* one a person, the furthest head */
	size_t nwitnesses;
	const char *lasting; /* head that cannot go without somebody's doing; NULL none */
};

/* A person other than the requester who signed a head of this file. */
struct witness {
	const char *person, *issued;
	uint64_t seq;
	size_t answers; /* how many of theirs the file holds */
};

/* What a whole verification is told beside its files. */
struct verify_ask {
	const struct operators *operators; /* NULL: nothing can be trusted */
	const char *const *expect;	   /* heads that must be there: "<session>:<seq>:<hex>" */
	size_t nexpect;
	const char *seen_file; /* heads seen before, read and written; NULL none */
};

/* operators NULL: nothing can be trusted, at best 4. */
int journal_verify(struct arena *a, const char *file, const struct operators *operators,
    struct verify_report *out, struct err *e);

struct verify_item {
	const char *file;
	struct verify_report report;
};

/* Files, and the *.jsonl of directories, each verified, and then against each other: one session
 * with two histories, a predecessor that is not what its successor saw. *worst: tampered before
 * unreadable before untrusted before crash before open. -1 only where a path cannot be listed. */
int journal_verify_paths(struct arena *a, const char *const *paths, size_t npaths,
    const struct operators *operators, struct verify_item **out, size_t *n, enum verify_code *worst,
    struct err *e);

/* What one directory holds. */
struct verify_place {
	const char *dir;
	size_t files, sealed;
	uint64_t records;
	const char **lacks; /* sentences: what other places have and this one has not */
	size_t nlacks;
};

struct verify_result {
	struct verify_item *items;
	size_t n;
	enum verify_code worst;
	struct verify_place *places; /* the directories among the paths */
	size_t nplaces;
	const char **failed; /* sentences about heads that are nowhere, or the memory of heads */
	size_t nfailed;
};

/* As journal_verify_paths, and: a head that must be there and is not, and a file that has fewer or
 * other records than this user saw before, are tampering. ERR_USAGE for a head that is none. */
int journal_verify_all(struct arena *a, const char *const *paths, size_t npaths,
    const struct verify_ask *ask, struct verify_result *out, struct err *e);

/* One record, parsed. */
struct record {
	uint64_t seq;
	const char *type;
	const char *t;
	json_t *json; /* borrowed: lives as long as the reader's current record */
	const char *line;
	size_t len;
};

struct journal_reader;
int journal_reader_open(const char *file, struct journal_reader **out, struct err *e);
/* 1 a record, 0 the end (a torn tail counts as the end), -1 error. */
int journal_reader_next(struct journal_reader *r, struct record *out, struct err *e);
void journal_reader_close(struct journal_reader *r);
/* See journal_merge_only. */
void journal_reader_only(
    struct journal_reader *r, int (*wants)(void *ctx, const char *type), void *ctx);
/* After the end: 1 where the file is longer now, so that next may find more (a torn tail
 * completed).
 */
int journal_reader_grow(struct journal_reader *r);
/* Bytes of the file when it was opened: as much as is read. */
int64_t journal_reader_size(const struct journal_reader *r);

/* A begin that has no outcome: shown as OUTCOME UNKNOWN. */
struct unknown {
	const char *file, *session, *plan, *person, *t;
	const char *node, *text, *part, *kind;
	const char *identity; /* of the node: only that server may be asked */
	const char *xid;      /* as recorded, or "" */
	uint64_t seq;
};

/* What journals in the directories leave behind: all standing holds, and unknown outcomes of
 * sessions whose process is gone (their file's lock is free), this person's or anybody's that can
 * be read. Of a living session only `own`'s unknowns are listed: nothing runs while it asks; NULL:
 * none.
 */
int journal_legacy(struct arena *a, const char *const *dirs, size_t ndirs, const char *own,
    struct hold **holds, size_t *nholds, struct unknown **unknowns, size_t *nunknowns,
    struct err *e);

/* The jobs that journals in the directories leave paused. */
int journal_jobs(struct arena *a, const char *const *dirs, size_t ndirs, struct job_pause **out,
    size_t *n, struct err *e);

/* A directory that an rm put out of the way on a host, and that is still there. */
struct quarantined {
	const char *host, *path, *was; /* its name before */
	const char *name, *plan, *person, *since;
};
int journal_quarantined(struct arena *a, const char *const *dirs, size_t ndirs,
    struct quarantined **out, size_t *n, struct err *e);
/* For journal_reader_only: begins and outcomes. */
int journal_is_step(void *ctx, const char *type);

/* Newest first. */
struct journal_entry {
	const char *file, *session, *person, *cluster, *opened;
	int is_closed, is_live; /* live: a process holds the lock */
	uint64_t records;
	int64_t bytes;
};
int journal_list(struct arena *a, const char *const *dirs, size_t ndirs, struct journal_entry **out,
    size_t *n, struct err *e);
/* A record as inert lines for people; used by show and replay. */
char *record_render(struct arena *a, const struct record *r);

/* --- several sessions as one ----------------------------------------------------------------- */

struct merge_source {
	const char *file, *session, *person, *host, *cluster, *opened;
	int part;
	int64_t bytes;
	uint64_t given;	    /* records given so far */
	const char *damage; /* inert: why the rest of the file cannot be read; NULL: it can */
};

struct merged {
	struct record rec;    /* borrowed until the next call */
	size_t source;	      /* of journal_merge_sources() */
	const char *incident; /* its session works on, this record included; "" none */
	/* > 0: its clock is at least so far behind that of a record it provably followed. */
	int64_t behind_us;
};

#define MERGE_MAX_FILES 512

/*
 * The records of several files in one order: a session's own; after what a record provably followed
 * (a file's predecessor, a head that was signed, the record an outcome was resolved for); then by
 * time. Streams: memory does not grow with the files. Copies of one file count once, the longer.
 * The same files give the same order, in whatever order they are named. ERR_USAGE for too many
 * files.
 */
struct journal_merge;
int journal_merge_open(
    const char *const *files, size_t n, struct journal_merge **out, struct err *e);
/* 1 a record, 0 the end. A file that cannot be read to its end gives what it has: see damage. */
int journal_merge_next(struct journal_merge *m, struct merged *out);
/* From now on a record of a type that nobody wants comes without its json, where its line is plain
 * and nothing was taken out of it: it is only counted. */
void journal_merge_only(
    struct journal_merge *m, int (*wants)(void *ctx, const char *type), void *ctx);
/* How many files are longer now: then next may find more, in the order it arrives. */
int journal_merge_grow(struct journal_merge *m);
const struct merge_source *journal_merge_sources(const struct journal_merge *m, size_t *n);
void journal_merge_close(struct journal_merge *m); /* accepts NULL */

/*
 * The files people mean by a word: a path; a session's id, or at least its first 4 characters; or
 * an incident's name, then all sessions that worked on it. Sorted by name. ERR_USAGE where it is
 * none.
 */
int journal_resolve(struct arena *a, const char *const *dirs, size_t ndirs, const char *word,
    const char ***files, size_t *n, struct err *e);

/* The files whose session opened it; none is no error. */
int journal_incident_files(struct arena *a, const char *const *dirs, size_t ndirs, const char *name,
    const char ***files, size_t *n, struct err *e);

/* What the journals say of an incident. Strings "" where nobody said. */
struct incident {
	const char *opened, *title, *severity;
	const char *commander, *operator, * scribe;
	const char *on_duty_since; /* of `person`: first at it and not handed over since; "" not */
	int is_known, is_closed;
};
int journal_incident(struct arena *a, const char *const *dirs, size_t ndirs, const char *name,
    const char *person, struct incident *out, struct err *e);

/* --- what was done before --------------------------------------------------------------------- */

/* A statement somebody wanted to run, and what came of it. */
struct memory {
	const char *t, *person, *incident, *node, *text, *danger;
	const char *kinds;   /* "drop-table"; "" in journals that do not say */
	const char *objects; /* "public.orders,public.items" */
	const char *plan, *outcome, *session, *file;
	uint64_t seq; /* of its intent */
	int is_bad;   /* failed, denied, unknown, or undone */
};

/* NULL or "": does not matter. */
struct memory_query {
	const char *text;   /* anywhere in the statement, letter case aside */
	const char *object; /* "orders" or "public.orders" */
	const char *danger; /* exactly this class */
	const char *since;  /* RFC 3339, or its beginning */
	int is_bad;	    /* only these */
	int64_t max_bytes;  /* of files, newest first; 0: all */
};

/* Oldest first. Files that cannot be read are passed by. */
int journal_search(struct arena *a, const char *const *dirs, size_t ndirs,
    const struct memory_query *q, struct memory **out, size_t *n, struct err *e);

/* The bad ones, looked up once and again after some minutes: cheap at every statement. */
struct memories {
	struct arena *arena; /* NULL: not looked up yet; memories_free() */
	struct memory *list;
	size_t n;
	int64_t looked_ms;
};
/* The newest like it: the same text, or the same kinds on the same objects. NULL: none. */
const struct memory *memories_like(struct memories *m, const char *const *dirs, size_t ndirs,
    const char *text, const char *kinds, const char *objects);
void memories_free(struct memories *m);

#endif
