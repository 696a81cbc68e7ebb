/*
 * Small pieces the wording files share: building steps, quoting. Private to engines/; pure.
 */
#ifndef PG_WORDS_H
#define PG_WORDS_H

#include "engines/pg_who.h"
#include "engine.h"

struct arena;

/* Phases of one wave: neighbours in the same phase run at the same time. */
enum phase {
	PHASE_HOLD = 1,
	PHASE_PROVE,
	PHASE_FENCE,
	PHASE_HARDEN,
	PHASE_AFTER,
	PHASE_REPROVE,
	PHASE_RELEASE_CHECK,
	PHASE_RELEASE_SETTINGS,
	PHASE_RELEASE,
	PHASE_RELEASED,
};

/* A step added behind the last one of the same wave and phase, so that neighbours stay neighbours.
 */
struct step *word_step(struct arena *a, struct plan *p, enum step_kind kind, const char *node,
    int wave, enum phase phase);
void word_text(struct arena *a, struct step *s, const char *text);
void word_keep(struct arena *a, struct step *s, int column, const char *name, enum value_type type);
/* value or name: a literal or an earlier result; the other is NULL. */
void word_check(struct arena *a, struct step *s, int column, enum check_op op, enum value_type type,
    const char *value, const char *name, const char *field);
/* "7412..." of "pg:7412...". */
const char *word_system(const struct node *n);

char *pg_quote_name(struct arena *a, const char *name);
/* A literal that means the same whatever standard_conforming_strings says. */
char *pg_quote_literal(struct arena *a, const char *value);
/* The name as the text gave it, quoted: without a schema where it had none, whatever was found
 * since. */
char *pg_quote_object(struct arena *a, const struct object *o);
/* schema.name in full, quoted; the schema must be known. */
char *pg_quote_full(struct arena *a, const struct object *o);
/* True for what lives in pg_class. */
int pg_is_relation(const struct object *o);

/* The halves of the wording table that live in pg_wording_main.c and pg_wording_back.c. */
void pg_word_enter(struct arena *a, struct plan *p, const struct node *n, const struct session *s,
    int lock_ms, int statement_ms, int in_tx, int read_only);
/* True where the plan has a CASCADE whose dependents are listed. */
int pg_word_cascades(const struct plan *p);
/* Behind the locks: CASCADE still takes what the plan lists, and nothing else. */
void pg_word_cascade(struct arena *a, struct plan *p, const struct node *n);
void pg_word_copyable(struct arena *a, struct plan *p, const struct node *n, int slots);
void pg_word_limit(
    struct arena *a, struct plan *p, const struct node *n, int lock_ms, int statement_ms);
void pg_word_leave(struct arena *a, struct plan *p, const struct node *n, int in_tx);
char *pg_word_reversible(struct arena *a, const struct statement *s, const char *schema);
char *pg_word_inverse(struct arena *a, const struct statement *s);

/* Milliseconds. */
#define TIMEOUT_ASK 5000
#define TIMEOUT_PROVE 15000
#define POLL_PROVE 5

/* Server start as the crawl writes it into struct node: text. */
#define SQL_START "(" PG_START_US ")::pg_catalog.text"
#define SQL_SYSTEM                                                                                 \
	"(SELECT c.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() AS c)"

/* A value of a conninfo, quoted. */
char *pg_quote_conninfo(struct arena *a, const char *value);

#endif
