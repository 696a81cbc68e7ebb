/*
 * Tab completion. What can be completed follows from the line's verb; in SQL it is keywords and the
 * names of tables and columns, asked of the server with a short deadline. Must never complete file
 * names, and never hang: no answer in time is no completion.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>

#include "arena.h"
#include "store.h"
#include "text.h"
#include "shell/complete.h"
#include "shell/line.h"
#include "shell/mentions.h"
#include "shell/repl_inside.h"
#include "banned.h"

#define MATCHES_MAX 500
#define ASK_MS 300

enum kind { NOTHING, VERBS, NODES, REQUESTS, LINES, NAMES, LIVE, SQL };

/* What follows a verb. A verb without a row takes nothing that could be completed. */
static const struct {
	const char *verb;
	enum kind kind;
} arguments[] = {
    {"?", VERBS},
    {"\\?", VERBS},
    {"connect", NODES},
    {"\\c", NODES},
    {"pause", NODES},
    {"resume", NODES},
    {"topology", NOTHING},
    {"doctor", NOTHING},
    {"activity", LIVE},
    {"locks", LIVE},
    {"lag", LIVE},
    {"failover", NODES},
    {"run", REQUESTS},
    {"review", REQUESTS},
    {"approve", REQUESTS},
    {"deny", REQUESTS},
    {"cancel", REQUESTS},
    {"undo", REQUESTS},
    {"expunge", REQUESTS},
    {"restore", NAMES},
    {"plan", LINES}, /* a whole line of its own */
    {"tables", NAMES},
    {"\\d", NAMES},
    {"\\d+", NAMES},
};

struct matches {
	struct arena *arena;
	const char *prefix;
	char **list; /* malloc'd for readline; list[0] is its common prefix */
	size_t n;
};

static void
add(struct matches *m, const char *s)
{
	size_t i;

	if (m->n >= MATCHES_MAX || strncasecmp(s, m->prefix, strlen(m->prefix)) != 0 ||
	    text_is_exotic(s, strlen(s)) || strpbrk(s, "\n\t") != NULL)
		return;
	for (i = 0; i < m->n; i++)
		if (strcmp(m->list[i + 1], s) == 0)
			return;
	m->list[++m->n] = strdup(s);
}

static void
add_verbs(struct matches *m)
{
	size_t i;

	for (i = 0; commands[i] != NULL; i++) {
		if (!(commands[i]->needs & IN_SHELL))
			continue;
		add(m, commands[i]->name);
		if (m->prefix[0] == '\\' && commands[i]->alias != NULL)
			add(m, commands[i]->alias);
	}
}

static void
add_nodes(const struct app *app, struct matches *m)
{
	const char **names = NULL;
	struct context c;
	size_t i, n;

	for (i = 0; app->cluster_config != NULL && i < app->cluster_config->nnodes; i++)
		add(m, app->cluster_config->nodes[i].name);
	memset(&c, 0, sizeof(c));
	c.arena = m->arena;
	c.cluster = app->cluster;
	if (app->cluster == NULL)
		return;
	n = command_nodes(&c, &names);
	for (i = 0; i < n; i++)
		add(m, names[i]);
}

static void
add_requests(const struct app *app, struct matches *m)
{
	struct store_item *items = NULL;
	size_t n = 0, i, bad;
	const char *why;
	struct err e;

	if (app->store == NULL ||
	    app->store->ops->list(app->store, m->arena, &items, &n, &bad, &why, &e) != 0)
		return;
	for (i = 0; i < n; i++)
		if (text_is_name(items[i].id, ID_CHARS))
			add(m, items[i].id);
}

/* The loop's wait with a nearer deadline. */
struct hurry {
	struct waiter waiter, *inner;
	int64_t deadline;
};

static int
hurry_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct hurry *h = w->ctx;

	return h->inner->wait(
	    h->inner, fd, events, deadline < h->deadline ? deadline : h->deadline);
}

/* What a question about names needs. 0 where nothing can be asked now. */
static int
hurried(struct app *app, struct matches *m, struct hurry *h, struct context *c)
{
	if (app->session == NULL || app->cluster == NULL || !cluster_is_connected(app->cluster))
		return 0;
	h->inner = loop_waiter(app->loop);
	h->deadline = now_ms() + ASK_MS;
	h->waiter = (struct waiter){.wait = hurry_wait, .ctx = h, .cancel_fd = -1};
	memset(c, 0, sizeof(*c));
	c->arena = m->arena;
	c->cluster = app->cluster;
	c->waiter = &h->waiter;
	c->session = app->session;
	return 1;
}

static void
add_names(struct app *app, struct matches *m)
{
	struct hurry h;
	struct context c;
	const char **names = NULL;
	struct err e;
	size_t n = 0, i;

	if (!hurried(app, m, &h, &c) || command_names(&c, m->prefix, &names, &n, &e) != 0)
		return;
	for (i = 0; i < n; i++)
		add(m, names[i]);
}

/* Columns of the tables the text speaks of; of none while a transaction is open: Tab must not
 * touch it. */
static void
add_columns(struct app *app, struct matches *m, const char *text, size_t len)
{
	char tables[MENTIONS_MAX][MENTION_BYTES];
	struct hurry h;
	struct context c;
	const char **names = NULL;
	struct err e = {0};
	size_t count = mentions_tables(text, len, tables), n, i, k;

	if (count == 0 || !hurried(app, m, &h, &c) || app->session->tx != TX_NONE)
		return;
	for (k = 0; k < count; k++)
		if (command_columns(&c, tables[k], &names, &n, &e) == 0)
			for (i = 0; i < n; i++)
				add(m, strspn(names[i], "abcdefghijklmnopqrstuvwxyz_0123456789") ==
					       strlen(names[i])
					   ? names[i]
					   : app->engine->wording->quote(m->arena, names[i]));
}

/* In the case the person types in. */
static void
add_keywords(struct matches *m, const char *const *k)
{
	char word[64];
	size_t i, j;

	if (m->prefix[0] == '\0')
		return;
	for (i = 0; k != NULL && k[i] != NULL; i++) {
		text_copy(word, sizeof(word), k[i]);
		if (isupper((unsigned char)m->prefix[0]))
			for (j = 0; word[j] != '\0'; j++)
				word[j] = (char)toupper((unsigned char)word[j]);
		add(m, word);
	}
}

/* Names and keywords for SQL, by what stands before: a table after FROM, else columns too. */
static void
add_sql(struct repl *r, struct matches *m, int start)
{
	struct buf b;

	buf_init(&b, LINE_INPUT_MAX);
	buf_add(&b, buf_str(&r->collected), r->collected.len);
	buf_add(&b, " ", 1);
	buf_add(&b, rl_line_buffer, (size_t)start);
	if (mentions_wants_table(buf_str(&b), b.len)) {
		add_names(r->app, m);
	} else {
		buf_add(&b, " ", 1);
		buf_puts(&b, rl_line_buffer + rl_point);
		add_columns(r->app, m, buf_str(&b), b.len);
		add_names(r->app, m);
		add_keywords(m, repl_engine(r->app)->all_keywords);
	}
	buf_free(&b);
}

/* Which kind belongs at this place of the line. */
static enum kind
kind_at(const char *line, size_t start)
{
	size_t from = strspn(line, " \t"), n = strcspn(line + from, " \t"), i;

	if (start <= from)
		return VERBS;
	for (i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		if (strlen(arguments[i].verb) != n ||
		    memcmp(line + from, arguments[i].verb, n) != 0)
			continue;
		if (arguments[i].kind == LINES)
			return kind_at(line + from + n, start - from - n);
		return arguments[i].kind;
	}
	return SQL;
}

/* readline wants malloc'd strings, the first being what all have in common. */
static char **
finish(struct matches *m)
{
	size_t len, i;

	if (m->n == 0) {
		free(m->list);
		return NULL;
	}
	len = strlen(m->list[1]);
	for (i = 2; i <= m->n; i++)
		while (len > 0 && strncasecmp(m->list[1], m->list[i], len) != 0)
			len--;
	m->list[0] = strndup(m->list[1], len);
	m->list[m->n + 1] = NULL;
	return m->list;
}

static char **
attempt(const char *text, int start, int end)
{
	struct repl *r = repl_current();
	struct matches m = {.arena = arena_new(), .prefix = text};
	enum kind kind = SQL;
	char **list;

	(void)end;
	rl_attempted_completion_over = 1; /* never file names */
	m.list = calloc(MATCHES_MAX + 2, sizeof(*m.list));
	if (r == NULL || m.list == NULL)
		abort();
	if (r->collected.len == 0)
		kind = kind_at(rl_line_buffer, (size_t)start);
	if (kind == VERBS)
		add_verbs(&m);
	if (kind == NODES)
		add_nodes(r->app, &m);
	if (kind == REQUESTS)
		add_requests(r->app, &m);
	if (kind == SQL)
		add_sql(r, &m, start);
	if (kind == LIVE)
		add(&m, "live");
	if (kind == NAMES)
		add_names(r->app, &m);
	if (kind == VERBS && text[0] != '\\')
		add_keywords(&m, repl_engine(r->app)->keywords);
	list = finish(&m);
	arena_free(m.arena);
	return list;
}

void
complete_init(void)
{
	rl_attempted_completion_function = attempt;
	rl_completer_word_break_characters = " \t\n\"'`@$><=;|&{(,)";
	rl_completer_quote_characters = "";
	rl_completion_query_items = 100;
}
