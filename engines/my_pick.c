/*
 * One table out of a dump: see my_pick.h. Heads of statements are read by the lexer, so quoted
 * names and executable comments count and look-alikes in strings do not. What is not recognised is
 * about something else.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "engines/my_lex.h"
#include "engines/my_driver.h"
#include "engines/my_pick.h"
#include "banned.h"

/* A cursor over the tokens of one statement; executable comments are code. */
struct head {
	struct arena *a;
	struct my_lexer x;
	struct my_token t;
	int rc; /* of the token at hand */
};

static void
next(struct head *h)
{
	h->rc = my_token(&h->x, &h->t);
}

static void
begin(struct head *h, struct arena *a, const char *text, size_t len)
{
	h->a = a;
	h->x = (struct my_lexer){.p = text, .len = len, .reading = {.limit = UINT32_MAX}};
	next(h);
}

static int
is(const struct head *h, const char *word)
{
	return h->rc == 1 && h->t.type == MY_WORD && h->t.len == strlen(word) &&
	       strncasecmp(h->x.p + h->t.from, word, h->t.len) == 0;
}

static int
take(struct head *h, const char *word)
{
	if (!is(h, word))
		return 0;
	next(h);
	return 1;
}

static int
is_op(const struct head *h, char c)
{
	return h->rc == 1 && h->t.type == MY_OP && h->t.op[0] == c && h->t.op[1] == '\0';
}

/* The token's text: a name or string without its quotes. */
static const char *
text_of(struct head *h)
{
	const char *p = h->x.p + h->t.from;
	size_t len = h->t.len, i;
	char *out, *to;

	if (h->t.type != MY_NAME && h->t.type != MY_STRING)
		return arena_strndup(h->a, p, len);
	out = to = arena_alloc(h->a, len + 1);
	for (i = 1; i + 1 < len; i++) {
		if ((p[i] == p[0] && p[i + 1] == p[0]) || (h->t.type == MY_STRING && p[i] == '\\'))
			i++;
		*to++ = p[i];
	}
	*to = '\0';
	return out;
}

/* [schema.]name at the cursor; schema NULL where it is not said. */
static int
qualified(struct head *h, const char **schema, const char **name)
{
	*schema = NULL;
	if (h->rc != 1 || (h->t.type != MY_WORD && h->t.type != MY_NAME))
		return 0;
	*name = text_of(h);
	next(h);
	if (!is_op(h, '.'))
		return 1;
	next(h);
	if (h->rc != 1 || (h->t.type != MY_WORD && h->t.type != MY_NAME))
		return 0;
	*schema = *name;
	*name = text_of(h);
	next(h);
	return 1;
}

/* Behind the parenthesis that closes the one at the cursor. */
static void
skip_parens(struct head *h)
{
	int depth = 0;

	do {
		depth += is_op(h, '(');
		depth -= is_op(h, ')');
		next(h);
	} while (h->rc == 1 && depth > 0);
}

struct question {
	const char *database, *schema, *table;
};

static int
is_table(struct head *h, const struct question *q)
{
	const char *schema, *name;

	return qualified(h, &schema, &name) && strcmp(name, q->table) == 0 &&
	       strcmp(schema != NULL ? schema : q->database, q->schema) == 0;
}

static void
insert(struct head *h, const struct question *q, struct my_pick *out)
{
	size_t from;

	while (is(h, "ignore") || is(h, "low_priority") || is(h, "delayed") || is(h, "into"))
		next(h);
	if (!is_table(h, q))
		return;
	out->columns = "";
	if (is_op(h, '(')) {
		from = h->t.from;
		skip_parens(h);
		out->columns = arena_strndup(h->a, h->x.p + from, h->t.from - from);
	}
	out->kind = MY_PICK_ROWS;
	out->from = is(h, "values") || is(h, "value") ? h->x.i : h->x.len;
}

/* Up to the word ON behind CREATE ... TRIGGER name: its table is next. */
static int
to_trigger_table(struct head *h)
{
	const char *schema, *name;
	int n;

	for (n = 0; n < 20 && h->rc == 1 && !is(h, "trigger"); n++)
		next(h);
	if (!take(h, "trigger"))
		return 0;
	if (take(h, "if")) {
		take(h, "not");
		take(h, "exists");
	}
	if (!qualified(h, &schema, &name))
		return 0;
	for (n = 0; n < 4 && h->rc == 1 && !is(h, "on"); n++)
		next(h);
	return take(h, "on");
}

static void
create(struct head *h, const struct question *q, struct my_pick *out)
{
	if (take(h, "table")) {
		if (take(h, "if")) {
			take(h, "not");
			take(h, "exists");
		}
		if (is_table(h, q))
			out->kind = MY_PICK_TABLE;
		return;
	}
	if (to_trigger_table(h) && is_table(h, q))
		out->kind = MY_PICK_TRIGGER;
}

/* SET name = 'literal' or word. */
static void
set(struct head *h, struct my_pick *out)
{
	static const char *const names[] = {
	    "sql_mode", "character_set_client", "collation_connection", "names", NULL};
	size_t i;

	take(h, "session");
	for (i = 0; names[i] != NULL && !is(h, names[i]); i++)
		;
	if (names[i] == NULL)
		return;
	next(h);
	if (is_op(h, '='))
		next(h);
	if (h->rc != 1 || (h->t.type != MY_STRING && h->t.type != MY_WORD))
		return;
	out->kind = MY_PICK_SET;
	out->name = names[i];
	out->value = text_of(h);
}

void
my_pick(struct arena *a, const char *text, size_t len, const char *database, const char *schema,
    const char *table, struct my_pick *out)
{
	const struct question q = {database, schema, table};
	struct head h;

	memset(out, 0, sizeof(*out));
	begin(&h, a, text, len);
	if (take(&h, "insert") || take(&h, "replace"))
		insert(&h, &q, out);
	else if (take(&h, "create"))
		create(&h, &q, out);
	else if (take(&h, "set"))
		set(&h, out);
	else if (take(&h, "use") && h.rc == 1) {
		out->kind = MY_PICK_USE;
		out->name = text_of(&h);
	}
}

const char *
my_trigger_on(struct arena *a, const char *text, size_t len, const char *table)
{
	const char *schema, *name;
	struct head h;
	size_t on;

	begin(&h, a, text, len);
	if (!take(&h, "create") || !to_trigger_table(&h))
		return NULL;
	on = h.t.from;
	if (!qualified(&h, &schema, &name) || h.rc != 1)
		return NULL;
	return arena_printf(
	    a, "%.*s%s %.*s", (int)on, text, table, (int)(len - h.t.from), text + h.t.from);
}

/* What of a CREATE TABLE's list comes when. */
enum when { WITH_TABLE, KEYS, KEY_ALONE, FOREIGN_KEYS, NWHEN };

struct item {
	size_t from, end;
	enum when when;
	const char *text;  /* where it is another than its bytes; NULL */
	const char *first; /* column of a primary key, or the one that counts by itself; NULL */
	int is_primary, is_counter, depth; /* depth: of parentheses, behind what was read */
};

struct defining {
	struct head h;
	const char *schema, *side, *table;
	struct item *items;
	size_t n, tail; /* tail: behind the list */
};

/* FOREIGN KEY (...) REFERENCES name: said with its schema, since it will stand in another. */
static void
foreign_key(struct defining *d, struct item *it)
{
	struct head *h = &d->h;
	const char *schema, *name;
	size_t from;

	it->when = FOREIGN_KEYS;
	while (h->rc == 1 && !is(h, "references"))
		next(h);
	if (!take(h, "references"))
		return;
	from = h->t.from;
	if (!qualified(h, &schema, &name))
		return;
	if (schema == NULL)
		schema = strcmp(name, d->table) == 0 ? d->side : d->schema;
	while (my_is_space(h->x.p[it->from]))
		it->from++;
	it->text = arena_printf(h->a, "%.*s%s.%s ", (int)(from - it->from), h->x.p + it->from,
	    my_quote_name(h->a, schema), my_quote_name(h->a, name));
	it->first = NULL;
	it->from = h->t.from;
}

static void
key(struct defining *d, struct item *it)
{
	struct head *h = &d->h;

	if (take(h, "primary")) {
		it->is_primary = 1;
		while (h->rc == 1 && !is_op(h, '('))
			next(h);
		next(h);
		it->depth = 1;
		it->first = h->rc == 1 ? text_of(h) : NULL;
	} else if (is(h, "fulltext") || is(h, "spatial"))
		it->when = KEY_ALONE;
	else if (is(h, "unique") || is(h, "key") || is(h, "index"))
		it->when = KEYS;
	else if (take(h, "constraint")) {
		next(h);
		if (is(h, "foreign"))
			foreign_key(d, it);
		else if (is(h, "unique"))
			it->when = KEYS;
	} else if (is(h, "foreign"))
		foreign_key(d, it);
	else
		it->first = text_of(h);
}

/* One item, up to the comma or parenthesis that ends it; 1: another follows. */
static int
item(struct defining *d)
{
	struct head *h = &d->h;
	struct item *it;

	d->items = arena_grow(h->a, d->items, d->n, sizeof(*d->items));
	it = &d->items[d->n++];
	memset(it, 0, sizeof(*it));
	it->from = h->x.i;
	next(h);
	if (h->rc == 1 && h->t.type == MY_WORD)
		key(d, it);
	else if (h->rc == 1)
		it->first = text_of(h);
	for (; h->rc == 1; next(h)) {
		if (it->depth == 0 && (is_op(h, ',') || is_op(h, ')')))
			break;
		it->depth += is_op(h, '(');
		it->depth -= is_op(h, ')');
		it->is_counter |= is(h, "auto_increment");
	}
	it->end = h->t.from;
	return h->rc == 1 && is_op(h, ',');
}

/* Keys come after the rows where nothing needs them before. */
static int
can_wait(struct defining *d, int is_innodb)
{
	const char *primary = NULL, *counter = NULL;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (d->items[i].is_primary)
			primary = d->items[i].first;
		if (d->items[i].is_counter)
			counter = d->items[i].first;
	}
	return is_innodb && primary != NULL && (counter == NULL || strcmp(primary, counter) == 0);
}

static const char *
item_text(struct defining *d, const struct item *it)
{
	const char *p = d->h.x.p;
	size_t from = it->from, end = it->end;

	while (it->text == NULL && from < end && my_is_space(p[from]))
		from++;
	while (end > from && my_is_space(p[end - 1]))
		end--;
	return arena_printf(
	    d->h.a, "%s%.*s", it->text == NULL ? "" : it->text, (int)(end - from), p + from);
}

static void
add(struct defining *d, const struct item *it, const char **list, struct my_definition *out)
{
	struct arena *a = d->h.a;

	if (it->when == KEY_ALONE || *list == NULL) {
		*list = arena_printf(a, "ALTER TABLE %s.%s ADD %s", my_quote_name(a, d->side),
		    my_quote_name(a, d->table), item_text(d, it));
		out->nafter++;
	} else
		*list = arena_printf(a, "%s, ADD %s", *list, item_text(d, it));
	if (it->when != KEY_ALONE)
		return;
	out->after = arena_printf(a, "%s%s;\n", out->after, *list);
	*list = NULL;
}

static void
compose(struct defining *d, const char *tail, struct my_definition *out)
{
	const char *lists[NWHEN] = {NULL}, *text = "";
	struct arena *a = d->h.a;
	int waits = can_wait(d, out->is_innodb);
	size_t i;

	out->after = "";
	for (i = 0; i < d->n; i++) {
		struct item *it = &d->items[i];

		if (it->when != FOREIGN_KEYS && !waits)
			it->when = WITH_TABLE;
		if (it->when == WITH_TABLE)
			text = arena_printf(
			    a, "%s%s\n  %s", text, text[0] == '\0' ? "" : ",", item_text(d, it));
		else
			add(d, it, &lists[it->when], out);
	}
	out->before = arena_printf(a, "CREATE TABLE %s.%s (%s\n)%s;\n", my_quote_name(a, d->side),
	    my_quote_name(a, d->table), text, tail);
	if (lists[KEYS] != NULL)
		out->after = arena_printf(a, "%s;\n%s", lists[KEYS], out->after);
	if (lists[FOREIGN_KEYS] != NULL)
		out->after = arena_printf(a, "%s%s;\n", out->after, lists[FOREIGN_KEYS]);
}

int
my_define(struct arena *a, const char *text, size_t len, const char *schema, const char *side,
    const char *table, struct my_definition *out, struct err *e)
{
	struct defining d = {.schema = schema, .side = side, .table = table};
	const char *is_in, *name;
	struct head *h = &d.h;

	memset(out, 0, sizeof(*out));
	begin(h, a, text, len);
	take(h, "create");
	take(h, "table");
	if (take(h, "if")) {
		take(h, "not");
		take(h, "exists");
	}
	if (!qualified(h, &is_in, &name) || !is_op(h, '('))
		return err_set(e, ERR_REFUSED,
		    "the dump's CREATE TABLE of %s has no list of "
		    "columns",
		    table);
	while (item(&d))
		;
	if (!is_op(h, ')'))
		return err_set(e, ERR_FAILED, "the dump's CREATE TABLE of %s never ends", table);
	d.tail = h->x.i;
	for (next(h); h->rc == 1; next(h))
		if (take(h, "engine") && is_op(h, '=')) {
			next(h);
			out->is_innodb = is(h, "innodb");
		}
	compose(&d, arena_strndup(a, text + d.tail, len - d.tail), out);
	return 0;
}
