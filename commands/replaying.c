/*
 * A replay where no terminal keeps the time: plain text at once.
 */
#include <string.h>

#include "arena.h"
#include "commands/replaying.h"
#include "banned.h"

int
replaying_finish(struct replaying *s)
{
	replay_close(s->replay);
	arena_free(s->row);
	s->replay = NULL;
	s->row = NULL;
	return 0;
}

static int
next_line(struct view *v, const char **cells, struct err *e)
{
	struct replaying *s = v->state;
	char *lf;

	(void)e;
	if (s->rest == NULL) {
		if (s->replay == NULL || replay_next(s->replay, &s->frame) != 1)
			return replaying_finish(s);
		s->rest = s->frame.text;
	}
	cells[0] = s->rest;
	if ((lf = strchr(s->rest, '\n')) != NULL)
		*lf = '\0';
	s->rest = lf == NULL ? NULL : lf + 1;
	return 1;
}

int
replaying_view(
    struct arena *a, const struct replay_options *o, int is_cast, struct view *v, struct err *e)
{
	struct replaying *s = arena_alloc(a, sizeof(*s));

	s->o = o;
	if (replay_open(o, &s->replay, e) != 0)
		return -1;
	v->ncols = 1;
	v->next = is_cast ? replaying_event : next_line;
	v->state = s;
	return 0;
}
