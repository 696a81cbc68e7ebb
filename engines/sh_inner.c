/*
 * Commands that run what stands inside of them: wrappers, shells, other hosts, SQL clients. What is
 * inside is judged as if it stood alone, and what cannot be seen in the text is opaque. Must never
 * judge less of it than a shell would run.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/sh_lex.h"
#include "banned.h"

#define JOINED_MAX ((size_t)1 << 20)

enum danger
sh_worst(const struct sh *s, size_t from)
{
	enum danger d = DANGER_READ;

	for (; from < s->nactions; from++)
		if (s->actions[from].danger > d)
			d = s->actions[from].danger;
	return d;
}

/* Words that another shell puts together again. */
static void
joined(struct sh *s, const struct sh_word *w, size_t n)
{
	struct buf b;
	size_t i;

	buf_init(&b, JOINED_MAX);
	for (i = 0; i < n; i++) {
		if (w[i].is_expanded)
			sh_add(s, DANGER_OPAQUE, "unknown",
			    "runs a text that is not known before it runs");
		buf_puts(&b, i > 0 ? " " : "");
		buf_puts(&b, w[i].text);
	}
	if (b.overflow)
		sh_add(s, DANGER_OPAQUE, "unknown", "runs a text that is too long");
	else
		sh_text(s, arena_strndup(s->a, buf_str(&b), b.len), b.len);
	buf_free(&b);
}

/* The first word behind options, their values and assignments. */
static size_t
behind_options(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i = 1, k;

	while (i < n && (w[i].text[0] == '-' || strchr(w[i].text, '=') != NULL)) {
		k = strcspn(w[i].text, "=");
		if (w[i].text[0] != '-' &&
		    !sh_has_word("LANG LC_ALL LC_TIME LC_NUMERIC LC_MESSAGES TZ COLUMNS LINES",
			w[i].text, k))
			sh_add(s, DANGER_OPAQUE, "environment",
			    "changes the environment a command runs in");
		if (strcmp(w[i].text, "--") == 0) {
			i++;
			break;
		}
		if (r->words != NULL && sh_has_word(r->words, w[i].text, strlen(w[i].text)))
			i++;
		i++;
	}
	return i;
}

/* nice, timeout, sudo, env: the command behind their options and first operands counts. */
void
sh_rule_wrapper(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i = behind_options(s, r, w, n) + (size_t)r->max_operands, k;

	if (r->danger > DANGER_READ)
		sh_add(s, r->danger, r->name, r->why);
	/* env -S TEXT, flock FILE -c TEXT: a text of its own. */
	for (k = 1; k + 1 < n && k <= i; k++)
		if (strcmp(w[k].text, "-S") == 0 || strcmp(w[k].text, "-c") == 0)
			joined(s, w + k + 1, 1);
	for (k = 1; k < n && k < i; k++)
		if (strncmp(w[k].text, "--split-string", 14) == 0 ||
		    (strncmp(w[k].text, "-S", 2) == 0 && w[k].text[2] != '\0'))
			sh_add(s, DANGER_OPAQUE, r->name, "runs a text that is not looked into");
	if (i < n && w[i].text[0] == '-' && r->max_operands > 0)
		return; /* flock FILE -c TEXT, judged above */
	if (i >= n) {
		if (r->danger == DANGER_READ)
			sh_add(s, DANGER_OPAQUE, r->name, "runs a command that is not here");
		return;
	}
	if (++s->nesting <= SH_NESTING)
		sh_command(s, w + i, n - i);
	else
		sh_add(s, DANGER_OPAQUE, "too-deep", "nests commands deeper than is followed");
	s->nesting--;
}

/* sh -c 'text', eval text, and a shell that reads its commands from somewhere. */
void
sh_rule_shell(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	sh_add(s, r->danger, r->name, r->why);
	if (strcmp(r->name, "eval") == 0) {
		joined(s, w + 1, n - 1);
		return;
	}
	for (i = 1; i + 1 < n && w[i].text[0] == '-'; i++)
		if (w[i].text[1] != '-' && strchr(w[i].text, 'c') != NULL) {
			joined(s, w + i + 1, 1);
			return;
		}
	sh_add(s, DANGER_OPAQUE, r->name, "runs commands that are not in the text");
}

/* su USER -c TEXT; runuser -u USER COMMAND. */
void
sh_rule_su(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	sh_add(s, r->danger, r->name, r->why);
	for (i = 1; i < n; i++) {
		if (strncmp(w[i].text, "--c", 3) == 0 && strchr(w[i].text, '=') != NULL) {
			struct sh_word inner = w[i];

			inner.text = strchr(inner.text, '=') + 1;
			joined(s, &inner, 1);
			return;
		}
		if (w[i].text[0] == '-' && w[i].text[1] != '-' && strchr(w[i].text, 'c') != NULL &&
		    w[i].text[strlen(w[i].text) - 1] != 'c') {
			sh_add(s, DANGER_OPAQUE, r->name, "runs a text that is not looked into");
			return;
		}
		if (i + 1 < n && ((w[i].text[0] == '-' && w[i].text[1] != '-' &&
				      strchr(w[i].text, 'c') != NULL) ||
				     strncmp(w[i].text, "--c", 3) == 0)) {
			joined(s, w + i + 1, 1);
			return;
		}
	}
	if (strcmp(r->name, "runuser") == 0 && (i = behind_options(s, r, w, n)) < n)
		sh_command(s, w + i, n - i);
	else
		sh_add(s, DANGER_OPAQUE, r->name, "runs commands that are not in the text");
}

void
sh_rule_ssh(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i;

	sh_add(s, r->danger, r->name, r->why);
	for (i = 1; i < n && w[i].text[0] == '-'; i++) {
		if (strncmp(w[i].text, "-o", 2) == 0 || strncmp(w[i].text, "-F", 2) == 0) {
			sh_add(s, DANGER_OPAQUE, r->name,
			    "its options can run a program on this side");
			return;
		}
		if (sh_has_word(r->words, w[i].text, strlen(w[i].text)))
			i++;
	}
	if (i + 1 < n)
		joined(s, w + i + 1, n - i - 1);
}

void
sh_rule_watch(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i = behind_options(s, r, w, n);

	if (i < n)
		joined(s, w + i, n - i);
	else
		sh_add(s, DANGER_OPAQUE, r->name, "runs a command that is not here");
}

/* What it reads may look like an option: harmless only where no option could do harm. */
void
sh_rule_xargs(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	static const struct sh_row options = {.words = "-n -L -P -I -s -d -a -E --max-args"};
	size_t i = behind_options(s, &options, w, n), from = s->nactions;
	const struct sh_row *inner;
	struct sh_word *words;
	size_t k;

	if (i >= n) {
		sh_add(s, DANGER_READ, r->name, "shows what it reads");
		return;
	}
	words = arena_memdup(s->a, w + i, (n - i) * sizeof(*w));
	for (k = 0; k < n - i; k++)
		if (strstr(words[k].text, "{}") != NULL && words[k].text[0] != '$')
			words[k].is_expanded = k == 0;
	inner = sh_find(words);
	if (++s->nesting <= SH_NESTING)
		sh_command(s, words, n - i);
	s->nesting--;
	if (sh_worst(s, from) > DANGER_READ || inner == NULL || inner->words != NULL ||
	    inner->rule != NULL || inner->is_content || strcmp(r->name, "xargs") != 0)
		sh_add(s, r->danger, r->name, r->why);
}

/* Only what shows a project's state, and no option that runs something for it. */
void
sh_rule_git(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i = 1, k;

	while (i + 1 < n && strcmp(w[i].text, "-C") == 0)
		i += 2;
	if (i >= n || w[i].is_expanded ||
	    !sh_has_word("status log show diff blame shortlog rev-parse --version", w[i].text,
		strlen(w[i].text))) {
		sh_by_row(s, r, w, n);
		return;
	}
	for (k = i + 1; k < n; k++)
		if (w[k].is_expanded || sh_is_option("--output --open-files-in-pager", w[k].text) ||
		    strncmp(w[k].text, "--ext", 5) == 0 || strncmp(w[k].text, "--textc", 7) == 0) {
			sh_by_row(s, r, w, n);
			return;
		}
	sh_add(s, DANGER_READ, r->name, "shows the state of a project");
}

/* One text of a client's -c or -e, by the classifier of its engine. */
static void
statements(struct sh *s, const struct sh_row *r, const struct sh_word *w, const char *text)
{
	int is_pg = strcmp(r->name, "psql") == 0;
	const struct engine *g = is_pg ? &engine_postgresql : &engine_mariadb;
	struct script in = {0};
	struct err ignored = {0};
	size_t i, len;

	if (w->is_expanded) {
		sh_add(s, DANGER_OPAQUE, r->name, "runs a text that is not known before it runs");
		return;
	}
	/* \G only says how to show it. */
	len = strlen(text);
	len -= !is_pg && len > 2 && strcmp(text + len - 2, "\\G") == 0 ? 2 : 0;
	if (memchr(text, '\\', len) != NULL ||
	    classify_here(g, text, len, NULL, s->a, &in, &ignored) != 0) {
		sh_add(s, DANGER_OPAQUE, r->name, "commands of the client are not looked into");
		return;
	}
	for (i = 0; i < in.nstatements; i++)
		sh_add(s, in.statements[i].danger, r->name,
		    arena_printf(s->a, "its SQL %s", statement_why(&in.statements[i])));
}

/* psql -c TEXT, mariadb -e TEXT: judged as SQL; everything else of them is opaque. */
void
sh_rule_sql(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	int is_pg = strcmp(r->name, "psql") == 0;
	const char *letter = is_pg ? "c" : "e", *name = is_pg ? "--command" : "--execute", *eq;
	const char *harmless = is_pg ? "AtxXq1nwW" : "NBHrstvEf", *t;
	size_t i, found = 0, len;

	for (i = 1; i < n; i++) {
		t = w[i].text;
		eq = strchr(t, '=');
		len = strcspn(t, "=");
		if (strncmp(t, name, strlen(name)) == 0 && (eq != NULL || i + 1 < n)) {
			found++;
			statements(s, r, eq != NULL ? &w[i] : &w[i + 1],
			    eq != NULL ? eq + 1 : w[i + 1].text);
			i += eq == NULL;
		} else if (t[0] == '-' && t[1] != '-' &&
			   t[1 + strspn(t + 1, harmless)] == letter[0] && i + 1 < n &&
			   t[2 + strspn(t + 1, harmless)] == '\0') {
			found++;
			i++;
			statements(s, r, &w[i], w[i].text);
		} else if (sh_has_word(r->words, t, len) ||
			   (t[0] == '-' && t[1 + strspn(t + 1, harmless)] == '\0')) {
			i += eq == NULL && sh_has_word(r->words, t, len);
		} else if (t[0] == '-' &&
			   !(strlen(t) > 2 && t[1] != '-' && strchr("hpPuUdS", t[1]) != NULL)) {
			found = 0;
			break; /* an option that is not known here */
		}
	}
	if (found == 0 || i < n)
		sh_add(s, DANGER_OPAQUE, r->name, r->why);
}
