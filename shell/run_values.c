/*
 * Named, typed results of steps: see run_values.h. Must never let a server's text into a statement:
 * only values that match their type's small alphabet fill holes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/run_values.h"
#include "text.h"
#include "banned.h"

#define HOLE_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

int
value_is_valid(enum value_type type, const char *t)
{
	size_t n, hi, lo;

	if (t == NULL || (n = strlen(t)) == 0 || n > (type == VALUE_GTID ? 1000 : 40))
		return 0;
	switch (type) {
	case VALUE_LSN:
		hi = strspn(t, "0123456789ABCDEFabcdef");
		if (hi == 0 || hi > 8 || t[hi] != '/')
			return 0;
		lo = strspn(t + hi + 1, "0123456789ABCDEFabcdef");
		return lo > 0 && lo <= 8 && t[hi + 1 + lo] == '\0';
	case VALUE_INT:
		t += *t == '-';
		return *t != '\0' && strlen(t) <= 19 && strspn(t, "0123456789") == strlen(t);
	case VALUE_TIME:
		return n <= 20 && strspn(t, "0123456789") == n;
	case VALUE_GTID:
		return strspn(t, "0123456789-,") == n;
	case VALUE_TEXT:
		return 0;
	}
	return 0;
}

int
values_has_hole(const char *text)
{
	const char *open = strchr(text, '{');
	size_t n = open == NULL ? 0 : strspn(open + 1, HOLE_CHARS);

	return n > 0 && open[1 + n] == '}';
}

const char *
values_get(const struct values *vs, const char *name)
{
	size_t i;

	for (i = vs->n; i > 0; i--)
		if (strcmp(vs->v[i - 1].name, name) == 0)
			return vs->v[i - 1].text;
	return NULL;
}

static const struct value *
find(const struct values *vs, const char *name, size_t len)
{
	size_t i;

	for (i = vs->n; i > 0; i--)
		if (strlen(vs->v[i - 1].name) == len && memcmp(vs->v[i - 1].name, name, len) == 0)
			return &vs->v[i - 1];
	return NULL;
}

int
values_fill(struct values *vs, const char *text, char **out, struct err *e)
{
	const char *open, *close;
	const struct value *v;
	char *done = arena_strdup(vs->arena, "");

	while ((open = strchr(text, '{')) != NULL) {
		close = strchr(open, '}');
		v = close == NULL ? NULL : find(vs, open + 1, (size_t)(close - open - 1));
		if (v == NULL || !value_is_valid(v->type, v->text))
			return err_set(e, ERR_FAILED,
			    "could not fill \"%s\": no such typed result; the step was not sent",
			    text);
		done = arena_printf(vs->arena, "%s%.*s%s", done, (int)(open - text), text, v->text);
		text = close + 1;
	}
	*out = arena_printf(vs->arena, "%s%s", done, text);
	return 0;
}

char *
values_say(const struct values *vs, struct arena *a, const char *text)
{
	char *done = arena_strdup(a, "");
	const struct value *v;
	const char *open;
	size_t n;

	for (; (open = strchr(text, '{')) != NULL; text = open + 1 + n) {
		n = strspn(open + 1, HOLE_CHARS);
		v = open[1 + n] == '}' ? find(vs, open + 1, n) : NULL;
		done = arena_printf(a, "%s%.*s%s", done, (int)(open - text), text,
		    v == NULL ? "?" : text_inert(a, v->text, strlen(v->text), 0));
		n += open[1 + n] == '}';
	}
	return arena_printf(a, "%s%s", done, text);
}

int
values_keep(
    struct values *vs, const struct step *s, size_t ncells, const char *const *cells, struct err *e)
{
	const struct keep *k;
	const char *cell;
	size_t i;

	for (i = 0; i < s->nkeeps; i++) {
		k = &s->keeps[i];
		cell = (size_t)k->column < ncells ? cells[k->column] : NULL;
		if (cell == NULL || (k->type != VALUE_TEXT && !value_is_valid(k->type, cell)))
			return err_set(e, ERR_FAILED,
			    "%s did not answer with a usable %s (got \"%s\")", s->node, k->name,
			    cell == NULL ? "null" : cell);
		vs->v = arena_grow(vs->arena, vs->v, vs->n, sizeof(*vs->v));
		vs->v[vs->n].name = arena_strdup(vs->arena, k->name);
		vs->v[vs->n].text = arena_strdup(vs->arena, cell);
		vs->v[vs->n++].type = k->type;
	}
	return 0;
}

static uint64_t
lsn(const char *t)
{
	char *end;
	uint64_t hi = strtoull(t, &end, 16);

	return hi << 32 | (*end == '/' ? strtoull(end + 1, NULL, 16) : 0);
}

static int
compare(enum value_type type, const char *x, const char *y)
{
	int64_t a, b;
	uint64_t l, r;

	if (type == VALUE_LSN) {
		l = lsn(x);
		r = lsn(y);
		return l < r ? -1 : l > r;
	}
	if (type == VALUE_INT || type == VALUE_TIME) {
		a = strtoll(x, NULL, 10);
		b = strtoll(y, NULL, 10);
		return a < b ? -1 : a > b;
	}
	return strcmp(x, y);
}

int
values_check(struct values *vs, const struct check *c, size_t ncells, const char *const *cells,
    const char **sentence)
{
	static const char *const words[] = {[CHECK_EQ] = "must be",
	    [CHECK_NE] = "must not be",
	    [CHECK_LE] = "must be at most",
	    [CHECK_GE] = "must be at least"};
	const char *got = (size_t)c->column < ncells ? cells[c->column] : NULL;
	const char *want =
	    c->value != NULL ? c->value : values_get(vs, c->name == NULL ? "" : c->name);
	int typed, d = 1, ok = 0;

	typed = got != NULL && want != NULL &&
		(c->type == VALUE_TEXT ||
		    (value_is_valid(c->type, got) && value_is_valid(c->type, want)));
	if (typed) {
		d = compare(c->type, got, want);
		ok = c->op == CHECK_EQ	 ? d == 0
		     : c->op == CHECK_NE ? d != 0
		     : c->op == CHECK_LE ? d <= 0
					 : d >= 0;
	}
	if (!ok)
		*sentence = arena_printf(vs->arena, "%s is %s, and %s %s", c->field,
		    got == NULL ? "not there" : text_inert(vs->arena, got, strlen(got), 0),
		    words[c->op],
		    want == NULL ? "known" : text_inert(vs->arena, want, strlen(want), 0));
	return ok;
}

const char **
undo_texts(struct arena *a, const char *undo, size_t *n)
{
	const char **texts = NULL;
	size_t len;

	for (*n = 0; *undo != '\0'; undo += len + (undo[len] == '\n')) {
		len = strcspn(undo, "\n");
		texts = arena_grow(a, texts, *n, sizeof(*texts));
		texts[(*n)++] = arena_strndup(a, undo, len);
	}
	return texts;
}
