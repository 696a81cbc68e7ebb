/*
 * The interactive shell: readline's callback interface in our loop. Collects lines until the text
 * is finished and hands it to app_line as one. Ctrl-C clears what is typed and never ends the
 * shell. Must never run anything by itself; a text leaves here only after Enter.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <readline/readline.h>

#include "arena.h"
#include "text.h"
#include "shell/complete.h"
#include "shell/capture.h"
#include "shell/feed.h"
#include "shell/history.h"
#include "shell/line.h"
#include "shell/out.h"
#include "shell/prompt.h"
#include "shell/repl.h"
#include "shell/repl_inside.h"
#include "banned.h"

#define CHUNK 65536
#define SCAN_ALWAYS ((size_t)64 << 10)
#define REFRESH_MS 5000
#define ABORT 7 /* Ctrl-G */

/* readline's callbacks take no context, and there is one readline in a process. */
static struct repl *the_repl;

struct repl *
repl_current(void)
{
	return the_repl;
}

const struct engine *
repl_engine(const struct app *app)
{
	return app->engine != NULL ? app->engine : engine_by_name("postgresql");
}

struct lexical
repl_lexical(const struct app *app)
{
	struct lexical lx;

	repl_engine(app)->lexical(app->session, &lx);
	return lx;
}

/* --- bytes in ------------------------------------------------------------------------------ */

/* Reads what there is. 0 at the end of the terminal. */
static int
read_chunk(struct repl *r)
{
	char buf[CHUNK];
	ssize_t n;

	do
		n = read(STDIN_FILENO, buf, sizeof(buf));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	input_feed(r, buf, (size_t)n);
	return 1;
}

/*
 * readline wants a byte. Mostly there is one; in the middle of a key it may have to be waited for.
 * EOF is never said while the shell lives: readline would take it for Enter.
 */
static int
next_key(FILE *f)
{
	struct repl *r = the_repl;
	struct waiter *w = loop_waiter(r->app->loop);
	int rc;

	(void)f;
	while (!input_has_keys(r)) {
		if (r->has_paste || r->is_interrupted)
			return ABORT;
		rc = w->wait(w, STDIN_FILENO, POLLIN, now_ms() + 1000);
		if (r->app->quit || loop_is_leaving(r->app->loop))
			return EOF;
		if (rc < 0)
			r->is_interrupted = 1;
		else if (rc > 0 && !read_chunk(r))
			r->app->quit = 1;
		input_settle(r);
	}
	return (unsigned char)r->keys.data[r->keys_at++];
}

static int
has_key(void)
{
	return input_has_keys(the_repl);
}

/* --- the prompt ---------------------------------------------------------------------------- */

static void
on_line(char *line)
{
	struct repl *r = the_repl;

	rl_callback_handler_remove();
	r->is_at_prompt = 0;
	r->line = line;
	r->has_line = line != NULL;
	r->is_eof = line == NULL;
}

/* While readline has the terminal, Ctrl-C is a byte like others: in the middle of a paste it must
 * not make the kernel throw away the paste's mark, and what follows must not become keys. */
static void
prep(int meta)
{
	struct repl *r = the_repl;
	struct termios t;

	rl_prep_terminal(meta);
	if (tcgetattr(STDIN_FILENO, &t) != 0)
		return;
	r->interrupt_key = t.c_cc[VINTR];
	r->suspend_key = t.c_cc[VSUSP];
	t.c_lflag &= ~(tcflag_t)ISIG;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

static char *
prompt_of(struct repl *r, struct arena *a)
{
	if (r->collected.len > 0)
		return prompt_more(r->app, a, r->why);
	return prompt_main(r->app, a, now_ms() - r->prompted_ms);
}

static void
show_prompt(struct repl *r)
{
	struct arena *a = arena_new();

	out_progress_done(r->app);
	repl_flush_notices(r);
	r->prompted_ms = now_ms();
	rl_callback_handler_install(prompt_of(r, a), on_line);
	r->is_at_prompt = 1;
	arena_free(a);
}

void
repl_release(struct repl *r)
{
	if (r->is_at_prompt)
		rl_callback_handler_remove();
	r->is_at_prompt = 0;
}

void
repl_lift(struct repl *r)
{
	if (!r->is_at_prompt)
		return;
	rl_clear_visible_line();
	fflush(rl_outstream);
}

void
repl_lower(struct repl *r)
{
	struct arena *a;

	if (!r->is_at_prompt)
		return;
	a = arena_new();
	fflush(stdout);
	rl_set_prompt(prompt_of(r, a));
	rl_forced_update_display();
	arena_free(a);
}

/* A transaction's age stands in the prompt: it goes on while nobody types. */
static void
refresh(void *ctx)
{
	struct app *app = ctx;
	struct repl *r = app->repl;

	if (r == NULL || !r->is_at_prompt || r->collected.len > 0 || app->session == NULL ||
	    app->session->tx != TX_OPEN || RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH))
		return;
	repl_lift(r);
	repl_lower(r);
}

/* --- texts out ----------------------------------------------------------------------------- */

static void
forget(struct repl *r)
{
	buf_reset(&r->collected);
	if (r->collected.size > CHUNK)
		buf_free(&r->collected);
	r->scanned = 0;
	r->why = '\0';
	r->waits_for_enter = 0;
}

/* Lines that were typed ahead of an error were meant for a world without it. */
static void
drop_typed_ahead(struct repl *r)
{
	int waiting = 0;

	if (r->app->exit == 0)
		return;
	ioctl(STDIN_FILENO, FIONREAD, &waiting); /* whole lines: the terminal is not raw here */
	if (waiting == 0 &&
	    (!input_has_keys(r) || strpbrk(r->keys.data + r->keys_at, "\r\n") == NULL))
		return;
	input_drop(r);
	tcflush(STDIN_FILENO, TCIFLUSH);
	out_line(r->app, STYLE_DIM, "(lines typed ahead of the error were dropped)");
}

static void
hand_over(struct repl *r, const char *text, size_t len)
{
	r->is_asked_to_leave = 0;
	history_keep(r->app->config == NULL ? NULL : r->app->config->history, text, len);
	app_line(r->app, text, len);
	out_progress_done(r->app);
	fflush(stdout);
	drop_typed_ahead(r);
}

/* Is the collected text finished? Scans only what was not finished before. */
static int
is_finished(struct repl *r, const char *added, size_t n, int was_pasted)
{
	struct lexical lx = repl_lexical(r->app);
	size_t open = r->collected.len - r->scanned;

	if (!was_pasted && open > SCAN_ALWAYS && memchr(added, ';', n) == NULL &&
	    memchr(added, '\\', n) == NULL)
		return 0;
	if (!was_pasted && open > 4 * SCAN_ALWAYS && input_has_keys(r))
		return 0; /* a stream of lines: judged when it pauses, as one text */
	switch (line_judge(repl_engine(r->app), &lx, buf_str(&r->collected), r->collected.len,
	    &r->scanned, &r->why)) {
	case LINE_EMPTY:
		forget(r);
		return 0;
	case LINE_MORE:
		return 0;
	case LINE_WHOLE:
		return 1;
	}
	return 0;
}

static void
take_line(struct repl *r)
{
	struct arena *a = arena_new();
	size_t n;
	char *text = line_unmask(a, r->line, &n), *whole;
	int was_pasted = r->waits_for_enter;

	free(r->line);
	r->line = NULL;
	r->has_line = 0;
	if (r->collected.len == 0 && line_is_command(text, n)) {
		hand_over(r, text, n);
		arena_free(a);
		return;
	}
	if (r->collected.len > 0 && !(was_pasted && n == 0))
		buf_puts(&r->collected, "\n");
	r->waits_for_enter = 0;
	buf_add(&r->collected, text, n);
	if (r->collected.overflow) {
		forget(r);
		out_line(r->app, STYLE_DANGER, "the text is larger than 16 MiB: it was dropped");
	} else if (line_is_command(buf_str(&r->collected), r->collected.len) ||
		   is_finished(r, text, n, was_pasted)) {
		n = r->collected.len;
		whole = arena_memdup(a, buf_str(&r->collected), n + 1);
		forget(r);
		hand_over(r, whole, n);
	}
	arena_free(a);
}

/* Ctrl-C: what was typed goes, the shell stays. */
static void
clear_all(struct repl *r)
{
	if (r->is_at_prompt) {
		rl_callback_sigcleanup();
		rl_free_line_state();
		rl_point = rl_end;
		rl_redisplay();
	}
	printf("^C\n");
	fflush(stdout);
	if (r->is_at_prompt)
		rl_replace_line("", 1);
	repl_release(r);
	forget(r);
	input_drop(r);
	r->is_asked_to_leave = 0;
	r->is_interrupted = 0;
}

/* Ctrl-D on an empty line. */
static void
take_eof(struct repl *r)
{
	const struct session *s = r->app->session;

	r->is_eof = 0;
	printf("\n");
	if (r->collected.len > 0) {
		forget(r);
		out_line(r->app, STYLE_PLAIN, "dropped; nothing was run");
	} else if (s != NULL && (s->tx == TX_OPEN || s->tx == TX_FAILED) && !r->is_asked_to_leave) {
		r->is_asked_to_leave = 1;
		out_line(r->app, STYLE_BOLD,
		    "a transaction is open: Ctrl-D again leaves, and it is rolled back");
	} else
		r->app->quit = 1;
}

/* --- the run ------------------------------------------------------------------------------- */

static void
on_resize(struct repl *r)
{
	out_measure(r->app);
	capture_terminal(r->app);
	if (!r->is_at_prompt)
		return;
	/* After a stop and a continue the terminal may be as the other shell left it. */
	rl_deprep_terminal();
	prep(1);
	rl_resize_terminal();
	repl_lift(r);
	repl_lower(r);
}

static void
step(struct repl *r)
{
	struct app *app = r->app;

	if (r->has_line) {
		take_line(r);
		return;
	}
	if (r->is_eof) {
		take_eof(r);
		return;
	}
	if (r->is_interrupted) {
		clear_all(r);
		return;
	}
	if (r->is_suspended) {
		r->is_suspended = 0;
		repl_release(r);
		kill(getpid(), SIGTSTP);
	}
	if (!r->is_at_prompt)
		show_prompt(r);
	if (input_has_keys(r)) {
		rl_callback_read_char();
		return;
	}
	if (r->has_paste) {
		paste_take(r);
		return;
	}
	switch (loop_turn(app->loop, STDIN_FILENO, POLLIN, input_deadline(r))) {
	case 1:
		if (!read_chunk(r))
			app->quit = 1;
		break;
	case -1:
		clear_all(r);
		break;
	default:
		break;
	}
	input_settle(r);
	if (loop_resized(app->loop))
		on_resize(r);
}

static void
farewell(struct app *app)
{
	size_t i;

	for (i = 0; i < app->nholds; i++)
		if (app->cluster == NULL || !hold_is_lost(&app->holds[i], facts_last(app->cluster)))
			out_line(app, STYLE_BOLD,
			    "%s is still held, and stays held: resume it when sure",
			    app->holds[i].node);
}

static void
set_up(struct repl *r)
{
	struct app *app = r->app;
	const char *file = app->config == NULL ? NULL : app->config->history, *why;

	setlocale(LC_CTYPE, "");
	if (MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8"); /* we always write UTF-8 */
	out_measure(app);
	app->has_color = out_wants_color(STDOUT_FILENO);
	signal(SIGQUIT, SIG_IGN);
	rl_readline_name = "holdfast";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_getc_function = next_key;
	rl_prep_term_function = prep;
	rl_input_available_hook = has_key;
	complete_init();
	out_line(app, STYLE_DIM,
	    "\\? lists what can be typed here; what is dangerous is shown as a plan first");
	if (history_load(file, &why) != 0 && why != NULL)
		out_line(app, STYLE_DIM, "history %s is not used: %s", file, why);
}

int
repl_run(struct app *app)
{
	struct repl r = {.app = app};

	input_init(&r);
	buf_init(&r.collected, LINE_INPUT_MAX);
	the_repl = &r;
	app->repl = &r;
	app->feed = feed_terminal;
	set_up(&r);
	loop_every(app->loop, REFRESH_MS, refresh, app);
	while (!app->quit && !loop_is_leaving(app->loop))
		step(&r);
	repl_release(&r);
	app->repl = NULL;
	app->feed = NULL;
	farewell(app);
	free(r.line);
	buf_free(&r.collected);
	input_free(&r);
	the_repl = NULL;
	return loop_is_leaving(app->loop) ? ERR_FAILED : 0;
}
