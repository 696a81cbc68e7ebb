/*
 * The walk over a parsed PostgreSQL statement: what every rule of engines/pg_walk_*.c works with.
 * Private to engines/.
 */
#ifndef PG_WALK_H
#define PG_WALK_H

#include "action.h"
#include "engine.h"
#include "engines/actions.h"
#include "engines/pg_json.h"

struct arena;

#define WALK_SCOPES 64
#define WALK_NESTING 8 /* DO inside DO */

/* How much of a subtree happens now. Stricter inside stricter only. */
enum walk_scope {
	SCOPE_LIVE,  /* executed: queries, DML, functions */
	SCOPE_KNOWN, /* executed, but of functions only the known dangerous ones matter */
	SCOPE_INERT, /* stored or planned, not executed */
};

struct walk {
	struct arena *a;
	struct json_events *j;
	const struct lexical *lx;
	struct action *actions;
	size_t nactions;
	struct {
		uint32_t end;
		enum walk_scope scope;
	} scopes[WALK_SCOPES];
	size_t nscopes;
	struct object *reads;
	size_t nreads;
	int is_query; /* a query or a change of rows was seen */
	int nesting;
	int depth;		/* of pg_restricts */
	size_t effort;		/* spent by pg_restricts */
	const char **variables; /* of the surrounding PL/pgSQL block: no columns */
	size_t nvariables;
};

enum node_role {
	NODE_PART,  /* part of a statement or an expression: the walk goes on inside */
	NODE_RULE,  /* a rule decides */
	NODE_PLAIN, /* a statement whose row says everything; its inside is not executed */
	NODE_NEVER, /* made by the server's analysis or planner, never by the grammar */
};

struct node_row {
	const char *node; /* as in the JSON */
	enum node_role role;
	void (*rule)(struct walk *w, uint32_t node, const struct node_row *row);
	enum danger danger;
	const char *kind, *type;
	const char *object; /* member that names the object: a string, a RangeVar or a name list */
	const char *why;
};

extern const struct node_row pg_nodes[]; /* sorted by node */
extern const size_t pg_nnodes;
const struct node_row *pg_node_find(const char *name, size_t len);

/* Walks everything recorded; adds at least one action. */
void walk_statement(struct walk *w);
/* Parses and walks one statement of text; never fails: what is not understood is opaque. */
void walk_text(struct walk *w, const char *text);

/* Adds an action; kind and why must outlive the walk. */
struct action *walk_add(struct walk *w, enum danger d, const char *kind, const char *why);
struct action *walk_opaque(struct walk *w, const char *kind, const char *why);
/* Objects of the action made last. */
struct object *walk_object(struct walk *w, const char *type, const char *schema, const char *name);
/* The relation a RangeVar names (already inside the wrapper). */
struct object *walk_relation(struct walk *w, const char *type, uint32_t rangevar);
/* ["schema","name"] as Strings, or one String: the last two elements. */
struct object *walk_names(struct walk *w, const char *type, uint32_t list);
void walk_split_names(struct walk *w, uint32_t list, const char **schema, const char **name);
/*
 * Notes what the catalog has to be asked about: a relation that is read; a function or operator
 * that has the name of a harmless one of the server's and may here be somebody's own.
 */
void walk_reads(struct walk *w, const char *type, const char *schema, const char *name);
void walk_scope(struct walk *w, uint32_t node, enum walk_scope s);

uint32_t walk_get(struct walk *w, uint32_t node, const char *key);
char *walk_string(struct walk *w, uint32_t node, const char *key);
int walk_is(struct walk *w, uint32_t node, const char *key, const char *text);
int walk_is_true(struct walk *w, uint32_t node, const char *key);
int walk_is_cascade(struct walk *w, uint32_t node);
/* The constant's text: a string, a number, "on"/"off" for booleans; NULL where it is none. */
const char *walk_constant(struct walk *w, uint32_t wrapper);
/* A boolean option as DefElems write it: the last one of that name wins. */
int walk_option(struct walk *w, uint32_t list, const char *name, int otherwise);
uint32_t walk_option_find(struct walk *w, uint32_t list, const char *name);
/* A flag word of the server: true, on, yes, 1 and their short forms. */
int walk_is_on(const char *value);

int pg_is_catalog(const char *schema, const char *name);
int pg_is_temporary(const char *schema);

/* What a WHERE of a DML leaves of the target: every row, some number of any rows, certain rows. */
enum restricts { RESTRICTS_NOTHING, RESTRICTS_NUMBER, RESTRICTS_ROWS };
struct target {
	const char *schema, *name, *alias; /* alias is the name rows are called by */
	uint32_t with;			   /* the statement's WithClause, or 0 */
	int is_alone;			   /* no other relation is in scope */
	int is_joined_itself;
	uint32_t joined; /* FROM or USING list, or 0 */
};
enum restricts pg_restricts(struct walk *w, uint32_t expr, const struct target *t);

/* Functions: see pg_functions_table.c. */
struct function_row {
	const char *name;
	enum danger danger;
	unsigned flags;
	const char *why;
};
extern const struct function_row pg_effects[]; /* sorted */
extern const size_t pg_neffects;
extern const char *const pg_harmless[]; /* sorted */
extern const size_t pg_nharmless;

/* SET and set_config. */
#define WALK_HIDES_CATALOG "lets other functions stand for the server's own"
void walk_setting(
    struct walk *w, const char *name, const char *value, int is_default, const char *kind);
struct setting_row {
	const char *name; /* lower case */
	/* Values that keep or add a guard; NULL: any value. "!0": any but zero. */
	const char *safe;
	const char *why; /* what an unsafe value does */
};
extern const struct setting_row pg_settings[]; /* sorted */
extern const size_t pg_nsettings;

/* ALTER TABLE: one row for each sub-command. */
struct alter_row {
	const char *subtype;
	enum danger danger;
	const char *kind, *why;
};
extern const struct alter_row pg_alters[];
extern const size_t pg_nalters;

/* DROP, COMMENT, RENAME: names of object types. */
struct type_row {
	const char *object; /* OBJECT_TABLE */
	const char *type;   /* "table"; kinds are built from it with dashes */
	enum danger drop;
	const char *drop_why;
};
extern const struct type_row pg_types[];
const struct type_row *pg_type_find(const struct json_events *j, uint32_t i);

/* Rules, one for each node of role NODE_RULE. */
#define RULE(name) void name(struct walk *w, uint32_t node, const struct node_row *row)
RULE(rule_select);
RULE(rule_read);
RULE(rule_locking);
RULE(rule_insert);
RULE(rule_update);
RULE(rule_delete);
RULE(rule_merge);
RULE(rule_truncate);
RULE(rule_copy);
RULE(rule_explain);
RULE(rule_function_call);
RULE(rule_operator);
RULE(rule_sample);
RULE(rule_set);
RULE(rule_alter_system);
RULE(rule_transaction);
RULE(rule_lock);
RULE(rule_vacuum);
RULE(rule_reindex);
RULE(rule_drop);
RULE(rule_create_table);
RULE(rule_create_as);
RULE(rule_create_schema);
RULE(rule_create_or_replace);
RULE(rule_create_function);
RULE(rule_define);
RULE(rule_index);
RULE(rule_alter_table);
RULE(rule_alter_part);
RULE(rule_alter_domain);
RULE(rule_alter_enum);
RULE(rule_rename);
RULE(rule_comment);
RULE(rule_grant);
RULE(rule_role);
RULE(rule_secret);
RULE(rule_drop_role);
RULE(rule_reassign);
RULE(rule_session);
RULE(rule_query);
RULE(rule_do);
RULE(rule_opaque);
RULE(rule_refresh);
RULE(rule_cascade);
RULE(rule_database);

#endif
