/*
 * A plan drawn as lines: what, where, what is lost, who is held, every step with its exact text,
 * the way back. Must never leave anything out and never pass a raw byte on.
 */
#include <string.h>

#include "arena.h"
#include "shell/show.h"
#include "text.h"
#include "banned.h"

struct drawing {
	struct arena *arena;
	struct show *out;
	int width;
	int is_brief; /* steps as one line each; the statement itself always in full */
};

static void
put(struct drawing *d, enum show_style style, const char *text)
{
	struct show *o = d->out;

	o->lines = arena_grow(d->arena, o->lines, o->n, sizeof(*o->lines));
	o->lines[o->n].style = style;
	o->lines[o->n++].text = text;
}

/* Where to break: after the last space that fits, else exactly where the room ends. */
static size_t
break_at(const char *text, size_t from, size_t end)
{
	size_t i;

	for (i = end; i > from + (end - from) / 2; i--)
		if (text[i - 1] == ' ')
			return i;
	return end;
}

/* One line, wrapped after `width` columns; continuation lines are marked and stand under the text.
 */
static void
wrap(struct drawing *d, enum show_style style, const char *indent, const char *text)
{
	size_t n = strlen(text), i = 0, used, from = 0;
	int in = text_width(indent, strlen(indent)), room = d->width - in - 2, w = 0, cw;
	const char *lead = indent;

	if (room < 10)
		room = 10;
	while (i < n) {
		text_rune((const unsigned char *)text + i, n - i, &used);
		cw = text_width(text + i, used);
		if (w + cw > room) {
			i = break_at(text, from, i);
			put(d, style,
			    arena_printf(d->arena, "%s%.*s", lead, (int)(i - from), text + from));
			lead = arena_printf(d->arena, "%*s> ", in, "");
			from = i;
			w = 0;
			continue;
		}
		w += cw;
		i += used;
	}
	put(d, style, arena_printf(d->arena, "%s%s", lead, text + from));
}

static void
wrap_bytes(struct drawing *d, enum show_style style, const char *indent, const char *s, size_t len)
{
	const char *t = text_inert(d->arena, s, len, TEXT_LINES), *nl;

	for (; (nl = strchr(t, '\n')) != NULL; t = nl + 1)
		wrap(d, style, indent, arena_strndup(d->arena, t, (size_t)(nl - t)));
	wrap(d, style, indent, t);
}

static const char *
inert(struct drawing *d, const char *s)
{
	return s == NULL ? "" : text_inert(d->arena, s, strlen(s), 0);
}

static size_t
exotic_count(const char *s, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += (unsigned char)s[i] >= 0x80;
	return n;
}

static void
draw_head(struct drawing *d, const struct plan *p)
{
	struct arena *a = d->arena;

	put(d, SHOW_HEAD, arena_printf(a, "PLAN %s  %s", p->id, danger_name(p->danger)));
	wrap(d, SHOW_PLAIN, "  what   ",
	    arena_printf(a, "%zu bytes, %zu statement%s, %zu non-ASCII", p->text_len,
		p->nstatements, p->nstatements == 1 ? "" : "s",
		exotic_count(p->text, p->text_len)));
	wrap_bytes(d, SHOW_HEAD, "         ", p->text, p->text_len);
	if (plan_target(p) != p->session.node) {
		wrap(d, SHOW_HEAD, "  where  ",
		    arena_printf(a, plan_promotes(p) ? "%s, which becomes the PRIMARY" : "host %s",
			inert(d, plan_target(p))));
		wrap(d, SHOW_DIM, "         ", inert(d, plan_target_identity(p)));
	}
	wrap(d, SHOW_PLAIN, plan_target(p) != p->session.node ? "  from   " : "  where  ",
	    arena_printf(a, "%s, the %s%s%s%s%s", inert(d, p->session.node),
		p->session.role == ROLE_PRIMARY ? "PRIMARY" : role_name(p->session.role),
		p->session.database == NULL || p->session.database[0] == '\0' ? "" : ", database ",
		inert(d, p->session.database),
		p->session.current_role == NULL || p->session.current_role[0] == '\0' ? ""
										      : ", as ",
		inert(d, p->session.current_role)));
	wrap(d, SHOW_DIM, "         ", arena_printf(a, "%s", inert(d, p->session.identity)));
	if (p->requester[0] != '\0')
		wrap(d, SHOW_PLAIN, "  who    ",
		    arena_printf(a, "%s%s%s", inert(d, p->requester),
			p->incident[0] == '\0' ? "" : ", incident ", inert(d, p->incident)));
	if (p->reason[0] != '\0')
		wrap(d, SHOW_PLAIN, "  why    ", inert(d, p->reason));
}

static void
draw_reasons(struct drawing *d, const struct plan *p)
{
	const struct reason *r;
	size_t i;

	put(d, SHOW_HEAD,
	    arena_printf(d->arena, "  level  %s%s", level_name(p->verdict.level),
		p->verdict.level == LEVEL_APPROVE
		    ? arena_printf(d->arena, " (%d other person%s must sign)", p->verdict.approvals,
			  p->verdict.approvals == 1 ? "" : "s")
		    : ""));
	for (i = 0; i < p->verdict.nreasons; i++) {
		r = &p->verdict.reasons[i];
		wrap(d, SHOW_PLAIN, "         ",
		    arena_printf(d->arena, "%s [%s]%s%s", inert(d, r->sentence), inert(d, r->rule),
			r->learned == NULL ? "" : " learned from ",
			r->learned == NULL ? "" : inert(d, r->learned)));
	}
}

static void
draw_losses(struct drawing *d, const struct plan *p)
{
	size_t i;

	if (p->nlosses == 0)
		return;
	put(d, SHOW_DANGER, "  TAKES AWAY");
	for (i = 0; i < p->nlosses; i++)
		wrap(d, SHOW_DANGER, "    - ",
		    arena_printf(d->arena, "%s: %s", inert(d, p->losses[i].what),
			inert(d, p->losses[i].detail)));
}

static void
draw_nodes(struct drawing *d, const struct plan *p)
{
	const char *names = "";
	size_t i, n = 0;

	for (i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == KIND_HOLD) {
			names = arena_printf(d->arena, "%s%s%s", names, n++ > 0 ? ", " : "",
			    inert(d, p->steps[i].node));
		}
	if (n > 0)
		wrap(d, SHOW_PLAIN, "  holds  ",
		    arena_printf(d->arena, "%s would replay it: paused first and proved", names));
	for (i = 0; i < p->nnodes; i++)
		if (p->nodes[i].is_held)
			wrap(d, SHOW_PLAIN, "         ",
			    arena_printf(d->arena, "%s is held already and must still be",
				inert(d, p->nodes[i].name)));
	if (p->naccepted > 0)
		put(d, SHOW_DANGER, "  CANNOT BE HELD (the approver accepts each by name)");
	for (i = 0; i < p->naccepted; i++)
		wrap(d, SHOW_DANGER, "    - ", inert(d, p->accepted[i]));
}

static const char *
phrase(enum step_kind k)
{
	static const char *const phrases[] = {
	    [KIND_STATEMENT] = "your statement",
	    [KIND_HOLD] = "ask to stop replaying",
	    [KIND_PROVE] = "see it paused, not only asked",
	    [KIND_FENCE] = "take the log position",
	    [KIND_HARDEN] = "make the hold survive a restart",
	    [KIND_CHECK] = "same server, same role, same objects as shown here",
	    [KIND_LIMIT] = "your session settings, and limits on waiting for locks",
	    [KIND_BEGIN] = "one transaction: all of it or nothing",
	    [KIND_COMMIT] = "make it last",
	    [KIND_REPROVE] = "see that it did not replay the statement",
	    [KIND_RELEASE] = "let it replay again, for good",
	    [KIND_COPY] = "take a copy",
	    [KIND_LOAD] = "bring rows back, compare, only then commit",
	    [KIND_MOVE] = "rename a directory",
	    [KIND_EXPUNGE] = "remove it for good",
	    [KIND_COMMAND] = "your command",
	    [KIND_STOP] = "keep it from taking writes",
	    [KIND_MEASURE] = "see what would be lost, before anything is",
	    [KIND_RESTART] = "start it again, at its recovery target",
	    [KIND_PROMOTE] = "make it the primary",
	    [KIND_FOLLOW] = "replicate from the new primary",
	};

	return phrases[k];
}

static const char *
add_name(struct drawing *d, const char *names, const char *name)
{
	const char *at = strstr(names, name);

	if (at != NULL && (at == names || at[-1] == ' ') && strchr(", ", at[strlen(name)]) != NULL)
		return names;
	return arena_printf(
	    d->arena, "%s%s%s", names, names[0] == '\0' ? "" : ", ", inert(d, name));
}

/* Neighbours of one kind as one line: what happens, where. Returns how many it took. */
static size_t
draw_brief(struct drawing *d, const struct plan *p, size_t from)
{
	const struct step *s = &p->steps[from];
	const char *names = "", *text = phrase(s->kind);
	int is_own = s->kind == KIND_STATEMENT || s->type == STEP_PROC;
	size_t n = 0;

	for (; from + n < p->nsteps && p->steps[from + n].kind == s->kind &&
	       p->steps[from + n].part == s->part &&
	       (n == 0 || (s->kind != KIND_STATEMENT &&
			      (!is_own || strcmp(p->steps[from + n].why, s->why) == 0)));
	     n++)
		names = add_name(d, names, p->steps[from + n].node);
	if (is_own)
		text = inert(d, s->why);
	wrap(d, s->kind == KIND_STATEMENT ? SHOW_HEAD : SHOW_PLAIN,
	    arena_printf(
		d->arena, "    %-6s %-11s ", step_part_name(s->part), step_kind_name(s->kind)),
	    arena_printf(d->arena, "%s: %s", names, text));
	return n;
}

static void
draw_step(struct drawing *d, const struct step *s, size_t no)
{
	struct arena *a = d->arena;
	size_t i;

	wrap(d, SHOW_PLAIN, "  ",
	    arena_printf(a, "%2zu %-6s %-11s %s: %s%s", no, step_part_name(s->part),
		step_kind_name(s->kind), inert(d, s->node), inert(d, s->why),
		s->poll_ms > 0
		    ? arena_printf(a, " (up to %s)", text_seconds(a, s->timeout_ms / 1000.0))
		    : ""));
	for (i = 0; i < s->ntexts; i++)
		wrap_bytes(d, SHOW_DIM, "        ", s->texts[i], strlen(s->texts[i]));
	if (s->type == STEP_PROC)
		wrap(d, SHOW_DIM, "        ", arena_printf(a, "procedure %s", inert(d, s->proc)));
	for (i = 0; i < s->nargs; i++)
		wrap(d, SHOW_DIM, "          ",
		    arena_printf(
			a, "%s = %s", inert(d, s->args[i].name), inert(d, s->args[i].value)));
	for (i = 0; i < s->nchecks; i++)
		wrap(d, SHOW_DIM, "          ",
		    arena_printf(a, "%s %s %s %s",
			s->is_soft ? "finds out whether" : "must be:", inert(d, s->checks[i].field),
			s->checks[i].op == CHECK_EQ   ? "="
			: s->checks[i].op == CHECK_NE ? "<>"
			: s->checks[i].op == CHECK_LE ? "<="
						      : ">=",
			inert(d,
			    s->checks[i].value != NULL ? s->checks[i].value : s->checks[i].name)));
	if (s->undo != NULL)
		wrap_bytes(d, SHOW_DIM, "        if nothing was run: ", s->undo, strlen(s->undo));
}

static void
draw_back(struct drawing *d, const struct plan *p)
{
	if (p->back == BACK_NONE && p->danger >= DANGER_OPAQUE)
		put(d, SHOW_DANGER, "  WAY BACK: NONE. THIS CANNOT BE UNDONE.");
	if (p->way_back[0] != '\0')
		wrap(d, SHOW_PLAIN, "  back   ", inert(d, p->way_back));
	if (p->reversible[0] == '\0')
		return;
	put(d, SHOW_HEAD, "  REVERSIBLE FORM instead of this, at confirm:");
	wrap_bytes(d, SHOW_PLAIN, "         ", p->reversible, strlen(p->reversible));
}

void
show_plan(struct arena *a, const struct plan *p, int width, int is_brief, struct show *out)
{
	struct drawing d = {.arena = a, .out = out, .width = width, .is_brief = is_brief};
	size_t i;

	out->lines = NULL;
	out->n = 0;
	draw_head(&d, p);
	draw_losses(&d, p);
	draw_nodes(&d, p);
	if (p->nsteps > 0)
		put(&d, SHOW_HEAD,
		    is_brief ? "  STEPS (`plan LINE` shows every byte of them)" : "  STEPS");
	for (i = 0; i < p->nsteps;)
		if (is_brief)
			i += draw_brief(&d, p, i);
		else
			draw_step(&d, &p->steps[i], i + 1), i++;
	draw_reasons(&d, p);
	draw_back(&d, p);
}

/* The names of the standbys that would replay it, once each. */
static const char *
held_names(struct drawing *d, const struct plan *p)
{
	const char *names = "";
	size_t i;

	for (i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == KIND_HOLD)
			names = add_name(d, names, p->steps[i].node);
	return names;
}

static void
sum_losses(struct drawing *d, const struct plan *p)
{
	const char *why = p->verdict.nreasons == 0 ? "" : p->verdict.reasons[0].sentence;

	if (p->nlosses == 0) {
		wrap(d, SHOW_PLAIN, "  RISK        ",
		    arena_printf(d->arena, "%s: %s", danger_name(p->danger),
			text_fit(d->arena, why, strlen(why), 2 * d->width - 60)));
		return;
	}
	wrap(d, SHOW_DANGER, "  TAKES AWAY  ",
	    arena_printf(d->arena, "%s: %s%s", inert(d, p->losses[0].what),
		inert(d, p->losses[0].detail),
		p->nlosses == 1 ? "" : arena_printf(d->arena, "; and %zu more", p->nlosses - 1)));
}

void
show_sum(struct arena *a, const struct plan *p, int width, struct show *out)
{
	struct drawing d = {.arena = a, .out = out, .width = width};
	const char *nl = memchr(p->text, '\n', p->text_len), *held = held_names(&d, p);
	size_t n = nl == NULL ? p->text_len : (size_t)(nl - p->text);

	out->lines = NULL;
	out->n = 0;
	put(&d, SHOW_PLAIN, "");
	wrap(&d, SHOW_HEAD, "  WHAT        ",
	    arena_printf(a, "%s%s", text_fit(a, p->text, n, 2 * width),
		nl != NULL && n + 1 < p->text_len ? " ..." : ""));
	if (plan_target(p) != p->session.node)
		wrap(&d, SHOW_HEAD, plan_promotes(p) ? "  NEW PRIMARY " : "  HOST        ",
		    arena_printf(a, "%s, %s", inert(&d, plan_target(p)),
			inert(&d, plan_target_identity(p))));
	wrap(&d, SHOW_HEAD, "  WHERE       ",
	    arena_printf(a, "%s, the %s%s%s%s%s", inert(&d, p->session.node),
		p->session.role == ROLE_PRIMARY ? "PRIMARY" : role_name(p->session.role),
		p->session.database == NULL || p->session.database[0] == '\0' ? "" : ", database ",
		inert(&d, p->session.database),
		held[0] == '\0' ? "" : "; held back first: ", held));
	sum_losses(&d, p);
	if (p->back == BACK_NONE && p->danger >= DANGER_OPAQUE)
		wrap(&d, SHOW_DANGER, "  WAY BACK    ", "NONE. THIS CANNOT BE UNDONE.");
	else if (p->way_back[0] != '\0')
		wrap(&d, SHOW_PLAIN, "  WAY BACK    ", inert(&d, p->way_back));
	if (p->reversible[0] != '\0')
		wrap(&d, SHOW_PLAIN, "  or: reversible  ", "the form above, which loses nothing");
}

void
show_add(struct arena *a, struct show *out, int width, enum show_style style, const char *indent,
    const char *text)
{
	struct drawing d = {.arena = a, .out = out, .width = width};

	wrap(&d, style, indent, text);
}
