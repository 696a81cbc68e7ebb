/*
 * SET: every assignment of it. Settings of this session are judged by their row; everything global
 * or persistent is dangerous.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

enum reach { REACH_SESSION, REACH_GLOBAL };

static int
by_name(const void *key, const void *row)
{
	return strcasecmp(key, ((const struct my_setting_row *)row)->name);
}

static int
is_zero(const char *v)
{
	return strspn(v, "0.") == strlen(v) || strcasecmp(v, "off") == 0 ||
	       strcasecmp(v, "false") == 0 || strcasecmp(v, "no") == 0;
}

/* One of the words of list, or on and off in their other spellings. */
static int
is_safe(const struct my_setting_row *r, const char *value)
{
	const char *p = r->safe;
	size_t n;

	if (p == NULL)
		return 1;
	if (value == NULL)
		return 0;
	if (strcmp(p, "!0") == 0)
		return !is_zero(value);
	if (strcmp(p, "mode") == 0)
		return my_is_plain_mode(value, strlen(value)) &&
		       (strcasestr(value, "strict_") != NULL ||
			   strcasestr(value, "traditional") != NULL);
	if (strcmp(p, "charset") == 0)
		return my_is_plain_charset(value, strlen(value));
	if (strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0)
		value = "1";
	else if (is_zero(value))
		value = "0";
	for (; *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n == strlen(value) && strncasecmp(p, value, n) == 0)
			return 1;
	}
	return 0;
}

void
my_setting(struct my *m, const char *name, const char *value, int is_default)
{
	const struct my_setting_row *r =
	    bsearch(name, my_settings, my_nsettings, sizeof(*my_settings), by_name);
	struct action *x;

	if (is_default && r != NULL)
		x = my_add(m, DANGER_READ, "set", "takes a setting of this session back");
	else if (r == NULL)
		x = my_add(m, DANGER_DANGEROUS, "set",
		    "changes a setting that is not known to be harmless");
	else if (!is_safe(r, value))
		x = my_add(m, DANGER_DANGEROUS, "set", r->why);
	else
		x = my_add(m, DANGER_READ, "set", "changes a harmless setting of this session");
	x->flags = ACTION_SESSION;
	my_object(m, "setting", NULL, name);
	if (r != NULL && strcasecmp(name, "autocommit") == 0) {
		x->flags |= ACTION_TX;
		if (value == NULL || !is_zero(value))
			x->danger = DANGER_WRITE;
	}
}

/* What has no undo, or decides about replication, is named. */
static void
global(struct my *m, const char *name)
{
	static const char *const lost[] = {"gtid_slave_pos", "gtid_purged", "gtid_binlog_state",
	    "gtid_executed", "innodb_force_recovery", NULL};
	struct action *x = my_add(
	    m, DANGER_DANGEROUS, "set-global", "changes the configuration of the whole server");
	size_t i;

	for (i = 0; lost[i] != NULL; i++)
		if (strcasecmp(lost[i], name) == 0) {
			x->danger = DANGER_DESTRUCTIVE;
			x->why = "the position that replication goes on from is lost";
		}
	my_object(m, "setting", NULL, name);
}

/* The expression of an assignment: behind it, and its text where it is one literal or word. */
static const char *
value_of(struct my *m, int *is_default)
{
	size_t from = m->i, depth = 0;
	const char *v = NULL;

	*is_default = my_is(m, "default") && !my_op_at(m, m->i + 1, "(");
	for (; !my_done(m); m->i++) {
		if (my_op_at(m, m->i, "("))
			depth++;
		else if (my_op_at(m, m->i, ")")) {
			if (depth-- == 0)
				break;
		} else if (depth == 0 &&
			   (my_op_at(m, m->i, ",") || (my_is(m, "for") && m->i > from)))
			break;
	}
	if (m->i == from) {
		m->is_bad = 1;
		return NULL;
	}
	if (m->i == from + 1 && m->t[from].type != MY_VAR && m->t[from].type != MY_OP)
		v = my_text(m, from);
	else if (my_literal(m, from) != NULL && m->t[m->i - 1].type == MY_STRING)
		v = my_literal(m, from);
	my_scan_tokens(m, from, m->i);
	return v;
}

static int
take_assign(struct my *m)
{
	return my_take_op(m, "=") || my_take_op(m, ":=");
}

static int
is_variable(const struct my *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nvariables; i++)
		if (strcasecmp(m->variables[i], name) == 0)
			return 1;
	return 0;
}

static void
transaction(struct my *m, int is_global)
{
	size_t i, after;
	int is_write = is_global;

	for (i = m->i; i < m->n && !my_op_at(m, i, ";"); i++)
		is_write |= my_match_at(m, i, "read write", &after);
	my_add(m, is_write ? DANGER_DANGEROUS : DANGER_READ, "set-transaction",
	    is_write ? "lets sessions write where they may have been kept to reading"
		     : "chooses modes of transactions")
	    ->flags = ACTION_SESSION;
	my_to_end(m);
}

/* [@@][scope.]name = value */
static void
system_variable(struct my *m, enum reach *sticky)
{
	enum reach r = *sticky;
	const char *schema, *name, *value;
	int is_default, is_at = my_take_op(m, "@@");

	if (is_at)
		r = REACH_SESSION;
	if (my_word_in(m, m->i, "global persist persist_only session local") &&
	    (!is_at || my_op_at(m, m->i + 1, "."))) {
		r = my_word_in(m, m->i, "session local") ? REACH_SESSION : REACH_GLOBAL;
		m->i++;
		if (is_at)
			my_take_op(m, ".");
		else
			*sticky = r;
		if (!is_at && my_take(m, "transaction")) {
			transaction(m, r == REACH_GLOBAL);
			return;
		}
	}
	if (!my_qualified(m, &schema, &name) || !take_assign(m)) {
		m->is_bad = 1;
		return;
	}
	value = value_of(m, &is_default);
	if (r == REACH_GLOBAL)
		global(m, name);
	else if (m->is_body && !is_at && (is_variable(m, name) || schema != NULL))
		my_add(m, DANGER_READ, "set", "sets a variable of the block");
	else
		my_setting(m, name, value, is_default);
}

/* NAMES, CHARACTER SET: the bytes that follow are read by it. */
static void
charset(struct my *m)
{
	const char *v = m->i < m->n ? my_text(m, m->i) : "";

	my_setting(m, "character_set_client", v, my_is(m, "default"));
	m->i++;
	if (my_take(m, "collate"))
		m->i++;
}

static void
password(struct my *m)
{
	my_add(m, DANGER_DANGEROUS, "set-password", "the old password stops working")->flags =
	    ACTION_SECRET;
	my_to_end(m);
}

static void
role(struct my *m, const char *kind)
{
	my_add(m, DANGER_DANGEROUS, kind, "changes whose privileges a session has")->flags =
	    ACTION_SESSION;
	my_to_end(m);
}

/* SET STATEMENT a = b, ... FOR statement */
static void
for_statement(struct my *m)
{
	const char *schema, *name, *value;
	int is_default;

	do {
		if (!my_qualified(m, &schema, &name) || !take_assign(m)) {
			m->is_bad = 1;
			return;
		}
		value = value_of(m, &is_default);
		my_setting(m, name, value, is_default);
	} while (my_take_op(m, ","));
	if (my_take(m, "for"))
		my_statement(m);
	else
		m->is_bad = 1;
}

void
my_rule_set(struct my *m, const struct my_row *row)
{
	enum reach sticky = REACH_SESSION;
	int is_default;

	(void)row;
	if (my_match(m, "statement")) {
		for_statement(m);
		return;
	}
	do {
		if (m->i < m->n && m->t[m->i].type == MY_VAR) {
			m->i++;
			if (!take_assign(m))
				m->is_bad = 1;
			else
				value_of(m, &is_default);
			my_add(m, DANGER_READ, "set", "sets a variable of this session")->flags =
			    ACTION_SESSION;
		} else if (my_match(m, "names") || my_match(m, "character set") ||
			   my_match(m, "charset"))
			charset(m);
		else if (my_is(m, "password") && !my_op_at(m, m->i + 1, "."))
			password(m);
		else if (my_match(m, "default role"))
			role(m, "set-default-role");
		else if (my_take(m, "role"))
			role(m, "set-role");
		else if (my_take(m, "transaction"))
			transaction(m, 0);
		else if (my_match(m, "resource group"))
			role(m, "set-resource-group");
		else
			system_variable(m, &sticky);
	} while (!m->is_bad && my_take_op(m, ","));
}

/* SET_VAR(name = value) in a hint. */
void
my_hint(struct my *m, const char *p, size_t len)
{
	const char *at = p, *end = p + len, *name, *v;
	size_t n, k;

	while (at < end) {
		if (end - at < 8 || strncasecmp(at, "set_var", 7) != 0) {
			at++;
			continue;
		}
		for (at += 7; at < end && (my_is_space(*at) || *at == '('); at++)
			;
		for (name = at, n = 0; at < end && *at != '=' && !my_is_space(*at); at++)
			n++;
		for (; at < end && (my_is_space(*at) || *at == '=' || *at == '\''); at++)
			;
		for (v = at, k = 0; at < end && *at != ')' && *at != '\'' && !my_is_space(*at);
		     at++)
			k++;
		my_setting(m, arena_strndup(m->a, name, n), arena_strndup(m->a, v, k), 0);
	}
}
