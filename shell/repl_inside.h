/* Line editing's inside. Shared by repl*.c only. */
#ifndef REPL_INSIDE_H
#define REPL_INSIDE_H

#include <stdint.h>

#include "buf.h"
#include "shell/app.h"

#define NOTICES_MAX 64

struct repl {
	struct app *app;
	struct buf keys; /* bytes for readline, masked where odd */
	size_t keys_at;
	struct buf tail; /* the start of something whose rest has not come yet */
	int64_t tail_until;
	struct buf paste;		  /* what a bracketed paste brought so far */
	int is_pasting;			  /* between its marks */
	int is_discarding;		  /* it was interrupted: the rest is thrown away */
	int has_paste;			  /* whole, not yet taken */
	struct buf collected;		  /* lines of an unfinished text */
	size_t scanned;			  /* line_judge's from */
	char why;			  /* why it is unfinished */
	int waits_for_enter;		  /* collected holds a paste that was set aside */
	char *line;			  /* what Enter handed over; malloc'd by readline */
	int has_line, is_eof;		  /* set by readline's handler */
	int is_at_prompt;		  /* readline has the terminal */
	int is_asked_to_leave;		  /* Ctrl-D once, with a transaction open */
	int64_t prompted_ms;		  /* when the prompt was made */
	int is_interrupted, is_suspended; /* the keys for it came */
	unsigned char interrupt_key, suspend_key;
	int64_t fed_ms;		    /* when bytes came last */
	char *notices[NOTICES_MAX]; /* while a pager has the screen */
	size_t nnotices;
};

/* --- repl_input.c: bytes of the terminal into keys and pastes --- */
void input_init(struct repl *r);
void input_free(struct repl *r);
/* Takes bytes as they came. */
void input_feed(struct repl *r, const char *s, size_t n);
/* What waited for its rest and did not get it in time becomes keys. */
void input_settle(struct repl *r);
/* When input_settle has something to do; INT64_MAX: nothing. */
int64_t input_deadline(const struct repl *r);
/* The paste is taken: goes on with what came behind it. */
void input_resume(struct repl *r);
/* Ctrl-C: keys are dropped, and the rest of a paste will be. */
void input_drop(struct repl *r);
int input_has_keys(const struct repl *r);

/* --- repl_paste.c --- */
/* A whole paste arrived while readline has the line. */
void paste_take(struct repl *r);

/* --- repl_ask.c --- */
void repl_flush_notices(struct repl *r);

/* --- repl.c --- */
/* The one that runs, for readline's callbacks. */
struct repl *repl_current(void);
const struct engine *repl_engine(const struct app *app);
struct lexical repl_lexical(const struct app *app);
/* Takes the prompt off the screen and puts it back, with what is being typed. */
void repl_lift(struct repl *r);
void repl_lower(struct repl *r);
/* Gives the terminal back to how it was before readline took it. */
void repl_release(struct repl *r);

#endif
