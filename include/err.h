/*
 * Errors: a function that can fail returns int, 0 or -1, and fills a caller-supplied
 * struct err: one code, one factual sentence, one hint. Context is put in front while the
 * error travels up. No allocation, no globals; only shell/ prints it.
 */
#ifndef ERR_H
#define ERR_H

/* Values 0..10 are the program's exit codes (holdfast(1), EXIT STATUS). */
enum err_code {
	ERR_NONE = 0,
	ERR_FAILED = 1,	   /* the server or a program refused or failed */
	ERR_USAGE = 2,	   /* the command line or a shell line is wrong */
	ERR_CONFIG = 3,	   /* config, policy, operators file or a key is not usable */
	ERR_CONN = 4,	   /* could not connect, or the connection broke */
	ERR_REFUSED = 5,   /* refused by policy */
	ERR_APPROVAL = 6,  /* approval missing, denied or expired */
	ERR_SIGNATURE = 7, /* a signature does not hold */
	ERR_STALE = 8,	   /* the world changed since the plan was made */
	ERR_JOURNAL = 9,   /* the journal could not be written */
	ERR_UNKNOWN = 10,  /* begun, and the outcome is not known */
	ERR_CANCELLED = 11 /* the operator pressed Ctrl-C; exit code 1 */
};

struct err {
	enum err_code code;
	char sqlstate[6];  /* server's five characters, or "" */
	int position;	   /* 1-based character in the statement, or 0 */
	char msg[1024];	   /* UTF-8, may hold hostile bytes: show through text_inert */
	char detail[1024]; /* server's DETAIL, or "" */
	char hint[512];	   /* one next step, or "" */
};

/* All three return -1, so that "return err_set(...)" reads well. e may be NULL. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "context: " in front of the message; keeps the code. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);
/* The process's exit status for this error. */
int err_exit(const struct err *e);

#endif
