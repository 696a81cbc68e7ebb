/*
 * replay FILE|SESSION|INCIDENT ...: what was typed, decided and done, and what came of it. On a
 * terminal at the pace it happened; elsewhere as text at once; or as an asciicast.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "commands/replaying.h"
#include "banned.h"

/* "2", "0.5": what the option's value is in hundredths; -1 where it is none. */
static int
hundredths(const char *s)
{
	char *end;
	double v;

	if (s == NULL || s[0] == '\0' || strspn(s, "0123456789.") != strlen(s))
		return -1;
	v = strtod(s, &end);
	return *end != '\0' || v < 0.01 || v > 100000 ? -1 : (int)(v * 100 + 0.5);
}

static int
take_number(const char *option, const char *value, int *out, struct err *e)
{
	*out = hundredths(value);
	return *out > 0 ? 0
			: err_set(e, ERR_USAGE, "%s takes a number from 0.01 to 100000", option);
}

/* 1 and the value taken, 0 no option, -1. */
static int
take_option(const char *word, const char *value, struct replay_options *o, int *is_cast, int *used,
    struct err *e)
{
	*used = 1;
	if (strcmp(word, "--dangerous") == 0)
		return o->is_dangerous = 1;
	if (strcmp(word, "--step") == 0)
		return o->is_step = 1;
	if (strcmp(word, "--follow") == 0)
		return o->is_follow = 1;
	if (strcmp(word, "--asciicast") == 0)
		return *is_cast = 1;
	*used = 2;
	if (strcmp(word, "--from") == 0) {
		o->from = value == NULL ? "" : value;
		return 1;
	}
	if (strcmp(word, "--speed") == 0)
		return take_number(word, value, &o->speed_percent, e) == 0 ? 1 : -1;
	if (strcmp(word, "--idle") == 0) {
		if (take_number(word, value, &o->idle_ms, e) != 0)
			return -1;
		o->idle_ms = o->idle_ms > 214748364 ? 2147483640 : o->idle_ms * 10;
		return 1;
	}
	if (strncmp(word, "--", 2) == 0)
		return err_set(e, ERR_USAGE, "replay does not know %.40s", word);
	return 0;
}

static int
take_words(
    struct context *c, int argc, char **argv, struct replay_options *o, int *is_cast, struct err *e)
{
	const char **all = NULL, **files;
	size_t n = 0, k, found;
	int i, used, got;

	for (i = 1; i < argc; i += used) {
		got = take_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL, o, is_cast, &used, e);
		if (got < 0)
			return -1;
		if (got == 1)
			continue;
		used = 1;
		if (journal_resolve(c->arena, c->config->journal, c->config->njournal, argv[i],
			&files, &found, e) != 0)
			return -1;
		for (k = 0; k < found; k++) {
			all = arena_grow(c->arena, all, n, sizeof(*all));
			all[n++] = files[k];
		}
	}
	o->files = all;
	o->nfiles = n;
	if (n == 0)
		return err_set(
		    e, ERR_USAGE, "replay needs a journal file, a session or an incident");
	if (o->is_follow && *is_cast)
		return err_set(e, ERR_USAGE, "an asciicast has an end: not with --follow");
	return 0;
}

static int
replay_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct replay_options *o = arena_alloc(c->arena, sizeof(*o));
	int is_cast = 0;

	o->speed_percent = 100;
	if (take_words(c, argc, argv, o, &is_cast, e) != 0)
		return -1;
	if (!is_cast && (c->is_tty || o->is_follow)) {
		r->kind = RETURNS_SCREEN;
		r->screen.kind = SCREEN_REPLAY;
		r->screen.replay = o;
		return 0;
	}
	r->kind = RETURNS_VIEW;
	return replaying_view(c->arena, o, is_cast, &r->view, e);
}

const struct command command_replay = {
    .name = "replay",
    .args = "[--speed N] [--idle SECONDS] [--from RECORD|TIME] [--dangerous] [--step] [--follow] "
	    "[--asciicast] FILE|SESSION|INCIDENT ...",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL | AT_CLI,
    .help = "Replay what was typed and done in sessions, from their journals",
    .exec = replay_exec,
};
