/*
 * Lines for a tree of nodes: see tree.h. Whatever does not fit is broken at a blank, never cut:
 * a finding nobody can read to its end is no finding.
 */
#include <stdarg.h>
#include <string.h>

#include "arena.h"
#include "commands/tree.h"
#include "text.h"
#include "banned.h"

const char *
tree_inert(struct drawing *d, const char *s)
{
	return s == NULL ? "" : text_inert(d->arena, s, strlen(s), 0);
}

const char *
tree_lag(struct drawing *d, const struct node *n)
{
	if (n->role != ROLE_REPLICA)
		return n->current.text == NULL ? "" : n->current.text;
	if (n->lag_bytes < 0)
		return "lag unknown";
	if (n->lag_bytes == 0)
		return "no lag";
	return arena_printf(d->arena, "lag %s%s%s", text_bytes(d->arena, n->lag_bytes),
	    n->lag_ms < 0 ? "" : " / ",
	    n->lag_ms < 0 ? "" : text_seconds(d->arena, (double)n->lag_ms / 1000));
}

const char *
tree_state(struct drawing *d, const struct node *n)
{
	const char *hold = "";

	if (n->hold == HOLD_PAUSED)
		hold = arena_printf(d->arena, "  PAUSED at %s", tree_inert(d, n->replay.text));
	else if (n->hold == HOLD_REQUESTED)
		hold = "  PAUSE REQUESTED";
	else if (n->hold == HOLD_BY_DELAY)
		hold = "  HELD BY DELAY";
	return arena_printf(d->arena, "%s%s%s%s%s", hold, n->is_hardened ? ", hardened" : "",
	    n->role != ROLE_REPLICA || n->is_streaming ? ""
	    : n->is_archive_fed			       ? "  archive-fed"
						       : "  not streaming",
	    n->apply_delay_ms > 0 ? "  delayed" : "",
	    n->sync_state == NULL || strcmp(n->sync_state, "async") == 0
		? ""
		: arena_printf(d->arena, "  %s", tree_inert(d, n->sync_state)));
}

static void
add_line(struct drawing *d, char *line)
{
	d->lines = arena_grow(d->arena, d->lines, d->n, sizeof(*d->lines));
	d->lines[d->n++] = line;
}

void
tree_line(struct drawing *d, const char *fmt, ...)
{
	va_list ap;
	char *line;
	size_t n;

	va_start(ap, fmt);
	line = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	for (n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	add_line(d, line);
}

/* Bytes of text that fit into `columns`, up to a blank where there is one. */
static size_t
fitting(const char *text, int columns)
{
	size_t n = strlen(text), cut;

	if (text_width(text, n) <= columns)
		return n;
	for (cut = n; cut > 0; cut--)
		if (text[cut] == ' ' && text_width(text, cut) <= columns)
			return cut;
	cut = strcspn(text, " "); /* one long word stays whole */
	return cut;
}

void
tree_wrap(struct drawing *d, const char *lead, const char *fmt, ...)
{
	int indent = (int)strlen(lead), columns = d->width - indent;
	const char *text;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	text = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	if (columns < 10)
		columns = 10;
	do {
		n = fitting(text, columns);
		add_line(d, arena_printf(d->arena, "%*s%.*s", indent, lead, (int)n, text));
		lead = "";
		for (text += n; *text == ' ';)
			text++;
	} while (*text != '\0');
}

int
tree_name_width(const struct topology *t)
{
	const struct node *up;
	int widest = 4, depth, w;
	size_t i, guard;

	for (i = 0; i < t->nnodes; i++) {
		depth = 0;
		up = topology_find_identity(t, t->nodes[i].upstream);
		for (guard = 0; up != NULL && guard < t->nnodes; guard++) {
			depth++;
			up = topology_find_identity(t, up->upstream);
		}
		w = 3 * depth + text_width(t->nodes[i].name, strlen(t->nodes[i].name));
		if (w > widest)
			widest = w;
	}
	return widest > 40 ? 40 : widest;
}
