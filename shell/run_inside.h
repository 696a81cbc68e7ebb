/*
 * Inside of the door: what its two files share. What acts is in run.c alone; here is what a step
 * needs before it and what follows from it. Private to shell/run*.c.
 */
#ifndef SHELL_RUN_INSIDE_H
#define SHELL_RUN_INSIDE_H

#include "arena.h"
#include "shell/app.h"
#include "shell/out.h"
#include "shell/run.h"
#include "shell/run_journal.h"
#include "shell/run_values.h"

struct door {
	struct app *app;
	const struct plan *plan;
	struct run_report *report;
	struct values values;
	struct arena *arena;
	unsigned char *done; /* per step: it was begun and succeeded */
	int has_main;	     /* the plan's own connection is open */
	int is_read;	     /* nothing lasting: journaled, not synced */
	int is_safing;	     /* only makes safe: goes on where no journal takes records */
	struct out_table *table;
	struct run_progress progress; /* of the procedure that runs */
};

/* 0, or -1 where the journal cannot be made durable and the plan needs one. */
int door_sync(struct door *d, struct err *e);
/* The step's texts, or a procedure's arguments as "name=value", with their holes filled. */
const char *const *door_texts(struct door *d, const struct step *s, size_t *n, struct err *e);
int door_begin(
    struct door *d, size_t no, const char *const *texts, size_t ntexts, int is_undo, struct err *e);
int door_finish(struct door *d, size_t no, const struct run_result *r, int is_undo, struct err *e);
/* Hold and release records follow from the steps that just succeeded. */
int door_holds(struct door *d, const struct step *s, struct err *e);
/* The first check that does not hold against the first row, as a sentence; else NULL. */
const char *door_broken(
    struct door *d, const struct step *s, size_t ncells, const char *const *cells);
/* What the step has to say when it went well. */
void door_say(struct door *d, const struct step *s);
/* A step that took something back, or could not. */
void door_taken_back(struct door *d, const struct step *s, const char *error);
/* A step that may fail did: counted, and said. */
void door_left(struct door *d, const struct step *s, const char *error);
/* Asks commit or roll back with the real count on the screen. 0 commit, -1 roll back. */
int door_ask_commit(struct door *d, struct err *e);
void door_progress(void *ctx, const char *line);
/* How many neighbouring steps run at the same time. */
size_t door_wave(const struct plan *p, size_t from);

#endif
