/*
 * A replay as an asciicast (version 2: a header line, then one event a line; asciinema plays it).
 * Texts are inert before they get there; the only control bytes are ours.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "commands/replaying.h"
#include "shape.h"
#include "banned.h"

#define EVENT_MAX ((size_t)48 << 20)

static const char *
dumped(struct replaying *s, json_t *j)
{
	size_t len;
	const char *out = shape_dump(s->row, j, &len);

	json_decref(j);
	return out;
}

static const char *
header(struct replaying *s)
{
	int w = replay_columns(s->replay), h = replay_rows(s->replay);
	json_t *j = json_pack("{s:i,s:i,s:i,s:I,s:s,s:{s:s,s:s}}", "version", 2, "width",
	    w > 0 ? w : 100, "height", h > 0 ? h : 30, "timestamp",
	    (json_int_t)rfc3339_parse(arena_printf(s->row, "%.19sZ", s->frame.t)), "title",
	    "holdfast replay", "env", "TERM", "xterm-256color", "SHELL", "holdfast");

	if (s->o->idle_ms > 0)
		json_object_set_new(j, "idle_time_limit", json_real(s->o->idle_ms / 1000.0));
	return dumped(s, j);
}

/* [seconds, kind, data] */
static const char *
event(struct replaying *s, const char *kind, const char *data)
{
	/* A faster replay is a faster recording. */
	int64_t ms = s->frame.at_ms * 100 / s->o->speed_percent;
	const char *text = dumped(s, json_pack("[s,s]", kind, data));

	return arena_printf(
	    s->row, "[%lld.%03d,%s", (long long)(ms / 1000), (int)(ms % 1000), text + 1);
}

static const char *
output(struct replaying *s)
{
	const char *on = s->frame.is_bad		   ? "\033[1;31m"
			 : s->frame.kind == FRAME_INTENT   ? "\033[1m"
			 : s->frame.kind == FRAME_APPROVAL ? "\033[32m"
							   : "";
	const char *p, *out, *off;
	struct buf b;
	size_t n;

	buf_init(&b, EVENT_MAX);
	off = *on == '\0' ? "" : "\033[0m";
	for (p = s->frame.text; *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		buf_printf(&b, "%s%.*s%s\r\n", on, (int)n, p, off);
	}
	out = event(s, "o", buf_str(&b));
	buf_free(&b);
	return out;
}

int
replaying_event(struct view *v, const char **cells, struct err *e)
{
	static const char *const marks[] = {
	    [FRAME_INTENT] = "intent", [FRAME_APPROVAL] = "answer", [FRAME_OUTCOME] = "outcome"};
	struct replaying *s = v->state;
	const char *mark;

	(void)e;
	arena_free(s->row);
	s->row = arena_new();
	if (s->state == NEED) {
		if (s->replay == NULL || replay_next(s->replay, &s->frame) != 1)
			return replaying_finish(s);
		s->state = LOADED;
		if (!s->has_header) {
			s->has_header = 1;
			cells[0] = header(s);
			return 1;
		}
	}
	mark = s->frame.kind < sizeof(marks) / sizeof(marks[0]) ? marks[s->frame.kind] : NULL;
	if (mark != NULL && s->state == LOADED) {
		s->state = MARKED;
		cells[0] = event(s, "m",
		    arena_printf(
			s->row, "%s, record %llu", mark, (unsigned long long)s->frame.seq));
		return 1;
	}
	s->state = NEED;
	cells[0] = output(s);
	return 1;
}
