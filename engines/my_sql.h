/*
 * A statement of MySQL or MariaDB as tokens, and the rules that say what it does. An allow-list:
 * what no rule takes to its last token is opaque. Private to engines/.
 */
#ifndef MY_SQL_H
#define MY_SQL_H

#include "engines/actions.h"
#include "engines/my_lex.h"

struct arena;

#define MY_NESTING 8 /* statements inside of statements */

struct my_cte {
	const char *name;
	size_t from, end; /* of its query, tokens */
};

struct my {
	struct arena *a;
	const char *p; /* the text the tokens point into */
	const struct my_token *t;
	size_t n, i;
	unsigned mode;
	int is_mariadb;
	struct action *actions;
	size_t nactions;
	struct object *reads;
	size_t nreads;
	struct my_cte *ctes;
	size_t nctes;
	const char **variables; /* of the surrounding body: no columns */
	size_t nvariables;
	int is_body; /* inside of a body: INTO may name variables */
	int nesting;
	int is_bad; /* the rule met something it does not know */
	int depth;
	size_t effort; /* spent on conditions */
};

/* Cursor. None of these moves where it does not match. */
int my_done(const struct my *m); /* at the end or at a semicolon */
int my_is(const struct my *m, const char *word);
int my_is_at(const struct my *m, size_t i, const char *word);
int my_op_at(const struct my *m, size_t i, const char *op);
int my_take(struct my *m, const char *word);
int my_take_op(struct my *m, const char *op);
/* "a b|c d?": words in order, alternatives, optional ones. */
int my_match(struct my *m, const char *pattern);
int my_match_at(const struct my *m, size_t i, const char *pattern, size_t *after);
/* [schema.]name; 0 where there is none. */
int my_qualified(struct my *m, const char **schema, const char **name);
/* The identifier or literal at token i without its quotes, arena memory. */
char *my_text(const struct my *m, size_t i);
char *my_literal(const struct my *m, size_t i);
/* Behind the parenthesis that closes the one at i; m->n where none does. */
size_t my_close(const struct my *m, size_t i);
void my_skip_parens(struct my *m);
void my_to_end(struct my *m);
int my_word_in(const struct my *m, size_t i, const char *words); /* space separated */

struct action *my_add(struct my *m, enum danger d, const char *kind, const char *why);
struct action *my_opaque(struct my *m, const char *kind, const char *why);
struct object *my_object(struct my *m, const char *type, const char *schema, const char *name);
/* [schema.]name, ...: objects of the last action; marks the rule bad where there is none. */
size_t my_objects(struct my *m, const char *type);
void my_read(struct my *m, const char *schema, const char *name);
int my_is_system(const char *schema);

/* A statement form: the words it begins with, and what decides. */
struct my_row {
	const char *words;
	void (*rule)(struct my *m, const struct my_row *row);
	enum danger danger;
	const char *kind, *why;
	const char *type; /* of the objects that follow, or NULL */
	unsigned flags;
	/* Behind the words: 0 nothing, '*' anything, 'o' objects, 'r' objects and then anything. */
	char rest;
};
extern const struct my_row my_rows[];
extern const size_t my_nrows;

/* One statement at the cursor. */
void my_statement(struct my *m);
/* The same for a text of its own (a prepared one). */
void my_inner(struct my *m, const char *text, size_t len);
/*
 * Functions, INTO, row locks and reads among the tokens [from, end). What is only stored or
 * planned is not scanned.
 */
void my_scan_tokens(struct my *m, size_t from, size_t end);
/* One call: name at token i, an opening parenthesis behind it. */
void my_call(struct my *m, size_t i, const char *schema);
/* A setting of this session; value is the literal or word, NULL where it is an expression. */
void my_setting(struct my *m, const char *name, const char *value, int is_default);
/* In an optimizer hint. */
void my_hint(struct my *m, const char *p, size_t len);

/* A relation that a DML names. */
struct my_table {
	const char *schema, *name, *alias;
	size_t on, on_end; /* its join condition, tokens; 0 none */
	int is_using, is_target, is_tied, is_derived;
};
struct my_scope {
	struct my_table *tables;
	size_t ntables;
	int is_alone; /* a column without qualifier is the target's */
	int level;    /* of subqueries */
};
/* 1 where the condition [from, end) restricts the rows of the scope's tied tables. */
int my_restricts(struct my *m, struct my_scope *s, size_t from, size_t end);

/* Functions: see my_functions_table.c. */
struct my_function {
	const char *name;
	enum danger danger;
	unsigned flags;
	const char *why;
};
extern const struct my_function my_effects[]; /* sorted */
extern const size_t my_neffects;
extern const char *const my_harmless[]; /* sorted */
extern const size_t my_nharmless;

struct my_setting_row {
	const char *name; /* lower case */
	/* Values that keep or add a guard; NULL: any value. "!0": any but zero. */
	const char *safe;
	const char *why; /* what an unsafe value does */
};
extern const struct my_setting_row my_settings[]; /* sorted */
extern const size_t my_nsettings;

struct my_alter {
	const char *words;
	enum danger danger;
	const char *kind, *why;
};
extern const struct my_alter my_alters[];
extern const size_t my_nalters;

#define MY_RULE(name) void name(struct my *m, const struct my_row *row)
MY_RULE(my_rule_query);
MY_RULE(my_rule_with);
MY_RULE(my_rule_delete);
MY_RULE(my_rule_update);
MY_RULE(my_rule_insert);
MY_RULE(my_rule_truncate);
MY_RULE(my_rule_load);
MY_RULE(my_rule_handler);
MY_RULE(my_rule_drop);
MY_RULE(my_rule_create_table);
MY_RULE(my_rule_create);
MY_RULE(my_rule_index);
MY_RULE(my_rule_alter_table);
MY_RULE(my_rule_alter_other);
MY_RULE(my_rule_rename);
MY_RULE(my_rule_account);
MY_RULE(my_rule_grant);
MY_RULE(my_rule_set);
MY_RULE(my_rule_explain);
MY_RULE(my_rule_analyze);
MY_RULE(my_rule_describe);
MY_RULE(my_rule_prepare);
MY_RULE(my_rule_immediate);
MY_RULE(my_rule_do);
MY_RULE(my_rule_compound);
MY_RULE(my_rule_block);
MY_RULE(my_rule_replica);
MY_RULE(my_rule_lock);
MY_RULE(my_rule_show);

/* Text to actions, one statement at a time; see classifier_dialect.h. */
int my_next(const char *text, size_t len, const struct lexical *lx, struct my_split *sp,
    struct statement *s, char *in, struct lexical *now);
void my_judge(const char *text, const struct lexical *lx, char in, int is_mariadb, struct arena *a,
    struct statement *s);

#endif
