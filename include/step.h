/*
 * A step: one thing a plan will do, as data. The door (shell/run.c) executes steps and knows
 * nothing else. A text is sent as it stands; a template has holes, filled only with typed
 * results of earlier steps; a proc is a named, versioned procedure with typed arguments.
 */
#ifndef STEP_H
#define STEP_H

#include <stddef.h>
#include <stdint.h>

enum step_part { PART_BEFORE, PART_MAIN, PART_AFTER, PART_UNDO };
enum step_type { STEP_TEXT, STEP_TEMPLATE, STEP_PROC };
/* control: a session kept for the node. main: the plan's own fresh connection to it.
 * operator: the operator's interactive session (reads, writes, transaction control). host: a
 * machine, over SSH; node names the host, texts are the words of one command. */
enum step_conn { CONN_CONTROL, CONN_MAIN, CONN_OPERATOR, CONN_HOST };

/* What the step is for; the door shows it, the journal derives holds from it. */
enum step_kind {
	KIND_STATEMENT, /* the operator's text */
	KIND_HOLD,	/* ask a replica to pause */
	KIND_PROVE,	/* see it paused */
	KIND_FENCE,	/* take the position on the primary */
	KIND_HARDEN,	/* make the hold survive a restart */
	KIND_CHECK,	/* identity, role, objects on the connection that will act */
	KIND_LIMIT,	/* lock and statement limits, session settings */
	KIND_BEGIN,
	KIND_COMMIT,
	KIND_REPROVE, /* see after the act that the replica did not apply it */
	KIND_RELEASE, /* let a replica replay again */
	KIND_COPY,    /* a safety copy */
	KIND_LOAD,    /* bring rows or objects back */
	KIND_MOVE,    /* rename a directory on a host */
	KIND_EXPUNGE, /* remove what lies in quarantine, for good */
	KIND_COMMAND, /* run a command on a host */
	KIND_STOP,    /* keep the old primary from taking writes */
	KIND_MEASURE, /* see what a failover would lose, before it does */
	KIND_RESTART, /* start a held replica again, at its recovery target */
	KIND_PROMOTE, /* make a replica the primary */
	KIND_FOLLOW,  /* let a server replicate from the new primary */
};

enum value_type { VALUE_TEXT, VALUE_INT, VALUE_LSN, VALUE_TIME, VALUE_GTID };
enum check_op { CHECK_EQ, CHECK_NE, CHECK_LE, CHECK_GE };

/* A result worth a name: column (from 0) of the first row of the last text. */
struct keep {
	int column;
	const char *name;     /* "L0", "R.pg2" */
	enum value_type type; /* a VALUE_TEXT result never fills a hole */
};

/* What must be true of the first row; else the step fails, naming the field. */
struct check {
	int column;
	enum check_op op;
	enum value_type type;
	const char *value; /* a literal, or NULL */
	const char *name;  /* an earlier result, or NULL */
	const char *field; /* for people: "server start of pg2" */
};

struct argument {
	const char *name, *value;
};

struct step {
	enum step_part part;
	enum step_type type;
	enum step_kind kind;
	enum step_conn conn;
	const char *node;   /* name; its identity is in the plan's nodes */
	int wave;	    /* neighbouring steps with the same wave (> 0) run at the same time */
	const char **texts; /* exact bytes, each one statement and one message; a template
			       has {NAME} holes in them */
	size_t ntexts;
	const char *proc; /* STEP_PROC: "undo-table-v1"; its arguments may have {NAME} holes */
	struct argument *args;
	size_t nargs;
	struct keep *keeps;
	size_t nkeeps;
	struct check *checks;
	size_t nchecks;
	int poll_ms;	 /* > 0: repeat until the checks hold or the timeout passed */
	int timeout_ms;	 /* > 0 always */
	int is_soft;	 /* a failed check is a finding (NOT PROVEN), not the end of the plan */
	const char *why; /* one sentence */
	/* Exact statements that take it back on the same connection, one a line, or NULL: none. Of
	 * a procedure: the one that takes it back, with the same arguments. */
	const char *undo;
	/* What is said when it went well, or NULL: {NAME} is an earlier result, of any type. */
	const char *say;
};

const char *step_part_name(enum step_part p);
const char *step_kind_name(enum step_kind k);
/* In a plan's main part, such a step changes something; the others look, guard or keep. */
int step_kind_acts(enum step_kind k);
/* The same of a kind's name; 0 for a name that is none. */
int step_kind_name_acts(const char *name);

#endif
