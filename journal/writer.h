/* The writer's insides, shared by writer.c (records), part.c (files) and pending.c (what is kept).
 */
#ifndef JOURNAL_WRITER_H
#define JOURNAL_WRITER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "hash.h"
#include "journal.h"
#include "line.h"

/* What a record says, and when that was. */
struct added {
	const char *type; /* static */
	json_t *body;
	int64_t boot;
	char t[JLINE_T_CHARS + 1];
};

/* Records of reads that are put off until there is nothing else to do. */
#define LATER_MAX 8

/* A record that is not yet known to be durable: everything but prev, seq and signature, so that it
 * can be written again into another file. */
struct pending {
	struct pending *next;
	char *rest; /* from `"t":` to before the closing brace */
	size_t len;
	int is_signed;
	int is_ahead; /* begin, intent: of something that is not done yet */
	int is_lazy;  /* input, output: written with the next other record, or within a second */
};

/* A begin whose outcome is not durable; a continuing file lists those of the file before it. */
struct begun {
	char *key; /* begin_key() */
	int is_durable, has_outcome;
};

/* Where the chain stands. */
struct head {
	uint64_t records; /* lines so far; the next seq */
	uint8_t leaf[SHA256_BYTES];
};

struct journal {
	struct arena *arena;
	const char **dirs;
	size_t ndirs;
	const char *person, *cluster, *operators_file, *policy_digest;
	const struct session_key *key;
	char session[ID_CHARS + 1];
	int part;	  /* 0 the first file; each continuing file one more */
	int fd, dirfd;	  /* -1 while no directory takes records */
	const char *name; /* of the file in its directory */
	const char *file; /* whole path */
	struct buf lazy;  /* lines of the chain not yet written, all of them in pending too */
	uint64_t acts;	  /* begin, recover added: 0 lets a later start pass the file by */
	off_t size;	  /* what we wrote; anything else means somebody changed it */
	struct head head, durable;
	struct added later[LATER_MAX]; /* added, not yet of the chain; newer than all of it */
	size_t nlater;
	struct pending *first, *last;
	size_t kept;  /* bytes in pending */
	json_t *cert; /* body of the cert record, repeated in a continuing file */
	struct begun *begun;
	size_t nbegun;
	int64_t dirty_ms;	/* now_ms() of the first record not synced; 0 none */
	int64_t checkpoint_ms;	/* of the last checkpoint */
	int64_t retry_ms;	/* next attempt to find a directory */
	uint64_t checkpoint_at; /* records at the last checkpoint */
	int64_t offset_ns;	/* CLOCK_REALTIME - CLOCK_BOOTTIME, for clock records */
	size_t lost;		/* records refused while there was no directory */
	struct jcopy *copy;	/* NULL: none is kept */
	struct jslow *slow;	/* NULL: nobody is told of a disk that hangs */
	int64_t waited_ms;	/* for a disk that answered at last; 0 nothing to say */
	int waited_s;		/* the same, written down, and not yet said */
	int was_behind;		/* the copy, when it was last looked at */
	const char **files;	/* of this session, all parts */
	size_t nfiles;
	const char **closed; /* the site's program */
	size_t nclosed;
	pid_t pid;	       /* the one writer; a fork of it is another process */
	int is_full;	       /* the last failure was want of room */
	int reserve_fd;	       /* room.c: a nameless file, -1 none */
	off_t reserved, ahead; /* bytes it holds; offset up to which the file has room */
	int is_low;	       /* a begin was refused for want of room */
	int64_t left, room_ms; /* bytes left on the disk where few, else -1; when looked at next */
};

#define KEPT_MAX ((size_t)16 << 20)

/* part.c */
/* Makes a file in the first directory from `from` on that takes it, and writes open, cert,
 * degraded (where why is set) and everything pending into it, durable. */
int jpart_start(struct journal *j, size_t from, const char *why, struct err *e);
/* Writes one record at the head; nothing is durable yet. */
int jpart_emit(struct journal *j, const struct pending *p, struct err *e);
/* Writes what jpart_emit held back. */
int jpart_flush(struct journal *j, struct err *e);
/* The current file is given up: not synced, not written again. */
void jpart_drop(struct journal *j);
/* Around what waits for the disk of that file. */
void jpart_waits(struct journal *j, const char *file);
void jpart_waited(struct journal *j);

/* room.c */
/* True for errors that mean want of room. */
int room_is_full(int error);
/* Holds back as much as should be; where there is less, what there is. */
void room_hold(struct journal *j);
void room_release(struct journal *j);
/* Before a begin: room for its outcome. ERR_JOURNAL where there is none; the file lives on. */
int room_ahead(struct journal *j, struct err *e);
void room_tick(struct journal *j);

/* trouble.c: alarms of the copy and of a disk that did not answer. */
void trouble_note(struct journal *j);

/* clean.c: takes secrets out of a body; `redacted` then says how many. Not of what people signed.
 */
void journal_clean(const char *type, json_t *body);

/* pending.c */
/* As of now; body is stolen. */
void record_set(struct added *r, const char *type, json_t *body);
/* Of reads, so written with the next other record, or within a second: the name, to keep. Else
 * NULL. */
const char *record_lazy(const char *type);
/* Steals r's body, also on failure. */
struct pending *pending_make(const struct added *r, struct err *e);
void pending_keep(struct journal *j, struct pending *p);
void pending_clear(struct journal *j);
/* Drops what was about to happen: it was refused, so it will not. */
void pending_drop_ahead(struct journal *j);
void pending_free(struct pending *p);
/* Notes a begin or outcome among what is added; later, that everything became durable. */
void begun_note(struct journal *j, const char *type, const json_t *body);
void begun_durable(struct journal *j);
json_t *begun_list(const struct journal *j);
/* "plan step" as one text, from a begin or outcome body. Arena-free; free() it. */
char *begun_key(const json_t *body);

#endif
