/*
 * A replay on a terminal: see play.h. Frames are inert when they come. Must never take a key for
 * anything but looking.
 */
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "command.h"
#include "replay.h"
#include "shell/app.h"
#include "shell/out.h"
#include "shell/play.h"
#include "shell/tty.h"
#include "banned.h"

#define FOLLOW_MS 200
#define SPEED_MAX 100000 /* percent */

struct play {
	struct app *app;
	const struct replay_options *o;
	struct replay *replay;
	struct tty tty;
	int has_tty;
	int speed_percent;
	int is_stepping;
	int64_t idle_ms;
	int64_t last_ms;	/* at_ms of the frame shown last */
	enum frame_kind target; /* FRAME_OTHER: none; else frames pass until one of it */
	int is_over;
};

static void
say(struct play *p, enum show_style style, const char *text)
{
	if (p->has_tty)
		tty_line(&p->tty, style, text);
	else
		out_line(p->app, STYLE_PLAIN, "%s", text);
}

static void
show(struct play *p, struct replay_frame *f)
{
	enum show_style style = f->is_bad		    ? SHOW_DANGER
				: f->kind == FRAME_INTENT   ? SHOW_HEAD
				: f->kind == FRAME_INPUT    ? SHOW_PLAIN
				: f->kind == FRAME_APPROVAL ? SHOW_HEAD
							    : SHOW_DIM;
	char *line, *rest = f->text;

	while ((line = strsep(&rest, "\n")) != NULL)
		say(p, style, line);
}

static void
change_speed(struct play *p, int key)
{
	struct arena *a = arena_new();

	p->speed_percent = key == '+' ? p->speed_percent * 2 : p->speed_percent / 2;
	if (p->speed_percent > SPEED_MAX)
		p->speed_percent = SPEED_MAX;
	if (p->speed_percent < 1)
		p->speed_percent = 1;
	say(p, SHOW_DIM,
	    arena_printf(a, "-- speed %d.%02d --", p->speed_percent / 100, p->speed_percent % 100));
	arena_free(a);
}

/* What a key does. 1: the next frame now. */
static int
on_key(struct play *p, int key)
{
	static const struct {
		char key;
		enum frame_kind kind;
	} jumps[] = {{'i', FRAME_INTENT}, {'a', FRAME_APPROVAL}, {'o', FRAME_OUTCOME}};
	size_t i;

	for (i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++)
		if (key == jumps[i].key) {
			p->target = jumps[i].kind;
			return 1;
		}
	if (key == 'q' || key == 'Q' || key < 0 || key == 4) {
		p->is_over = 1;
		return 1;
	}
	if (key == 'n' || key == '\n' || key == '\r')
		return 1;
	if (key == '+' || key == '-')
		change_speed(p, key);
	if (key == ' ') {
		p->is_stepping = !p->is_stepping;
		say(p, SHOW_DIM,
		    p->is_stepping ? "-- paused: n next, space goes on --" : "-- goes on --");
	}
	return 0;
}

/* Until it is the frame's time, or a key says now. */
static void
wait_for(struct play *p, const struct replay_frame *f)
{
	int64_t gap = (f->at_ms - p->last_ms) * 100 / p->speed_percent, deadline;

	if (p->idle_ms > 0 && gap > p->idle_ms)
		gap = p->idle_ms;
	deadline = now_ms() + gap;
	for (;;) {
		int key = tty_key(&p->tty, p->is_stepping ? INT64_MAX : deadline);

		if (key != 0 && on_key(p, key))
			return;
		if (!p->is_stepping && now_ms() >= deadline)
			return;
	}
}

/* Where a live session has nothing new: a moment's wait. -1: it is over, or the watcher left. */
static int
wait_more(struct play *p)
{
	struct waiter *w = loop_waiter(p->app->loop);
	int more = replay_more(p->replay), key;

	if (more < 0) {
		say(p, SHOW_DIM, "-- the session is over --");
		return -1;
	}
	if (more > 0)
		return 0;
	if (!p->has_tty)
		return w->wait(w, -1, 0, now_ms() + FOLLOW_MS) < 0 ? -1 : 0;
	key = tty_key(&p->tty, now_ms() + FOLLOW_MS);
	if (key != 0)
		on_key(p, key);
	return p->is_over ? -1 : 0;
}

static void
play(struct play *p)
{
	struct replay_frame f;

	while (!p->is_over) {
		if (replay_next(p->replay, &f) != 1) {
			if (p->o->is_follow && wait_more(p) == 0)
				continue;
			return;
		}
		if (p->target != FRAME_OTHER && f.kind != p->target) {
			p->last_ms = f.at_ms;
			continue;
		}
		/* What is followed is shown as it comes. */
		if (p->target == FRAME_OTHER && p->has_tty && (!p->o->is_follow || p->is_stepping))
			wait_for(p, &f);
		/* The key that ended the wait may have asked for another frame than this one. */
		if (p->target != FRAME_OTHER && f.kind != p->target) {
			p->last_ms = f.at_ms;
			continue;
		}
		p->target = FRAME_OTHER;
		if (p->is_over)
			return;
		p->last_ms = f.at_ms;
		show(p, &f);
	}
}

int
play_run(struct app *app, const struct replay_options *o, struct err *e)
{
	struct play p = {.app = app,
	    .o = o,
	    .speed_percent = o->speed_percent,
	    .idle_ms = o->idle_ms,
	    .is_stepping = o->is_step};

	if (replay_open(o, &p.replay, e) != 0)
		return -1;
	if (isatty(STDOUT_FILENO) && tty_open(app, &p.tty, e) == 0) {
		p.has_tty = 1;
		tty_line(&p.tty, SHOW_DIM,
		    "-- space pauses, n next, i a o: to the next intent, answer, outcome; + - "
		    "speed, q leaves --");
		tty_keys(&p.tty);
	}
	err_clear(e);
	play(&p);
	if (p.has_tty) {
		tty_lines(&p.tty);
		tty_close(&p.tty);
	}
	replay_close(p.replay);
	return 0;
}
