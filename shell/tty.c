/*
 * The terminal itself: see tty.h. What is asked here is asked of a person: type-ahead is thrown
 * away before every answer, and only inert text is written. Must never take an answer that was
 * typed before its question stood there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "text.h"
#include "shell/app.h"
#include "shell/tty.h"
#include "banned.h"

#define ANSWER_MAX 256

static void
write_all(const struct tty *t, const char *s)
{
	size_t n = strlen(s);
	ssize_t did;

	while (n > 0) {
		did = write(t->fd, s, n);
		if (did == -1 && errno != EINTR)
			return;
		if (did > 0) {
			s += did;
			n -= (size_t)did;
		}
	}
}

static void
measure(struct tty *t)
{
	struct winsize w;

	t->width = 80;
	t->height = 24;
	if (ioctl(t->fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0) {
		t->width = w.ws_col;
		t->height = w.ws_row;
	}
}

int
tty_open(struct app *app, struct tty *t, struct err *e)
{
	const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");

	memset(t, 0, sizeof(*t));
	t->app = app;
	t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t->fd == -1 || tcgetattr(t->fd, &t->saved) == -1) {
		if (t->fd != -1)
			close(t->fd);
		return err_set(e, ERR_USAGE,
		    "this needs a terminal: a person reads before signing; nothing was signed");
	}
	t->cooked = t->saved;
	t->cooked.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
	t->cooked.c_iflag |= ICRNL;
	t->cooked.c_oflag |= OPOST | ONLCR;
	tcsetattr(t->fd, TCSADRAIN, &t->cooked);
	t->can_erase = term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
	t->has_color = t->can_erase && (plain == NULL || plain[0] == '\0');
	t->was_paging = app->is_paging;
	app->is_paging = 1; /* notices wait until the screen is over */
	measure(t);
	return 0;
}

void
tty_close(struct tty *t)
{
	tcsetattr(t->fd, TCSADRAIN, &t->saved);
	close(t->fd);
	t->app->is_paging = t->was_paging;
}

void
tty_line(struct tty *t, enum show_style style, const char *inert)
{
	static const char *const on[] = {[SHOW_PLAIN] = "",
	    [SHOW_HEAD] = "\033[1m",
	    [SHOW_DANGER] = "\033[1;31m",
	    [SHOW_DIM] = "\033[2m"};

	if (t->has_color)
		write_all(t, on[style]);
	write_all(t, inert);
	if (t->has_color && style != SHOW_PLAIN)
		write_all(t, "\033[0m");
	write_all(t, "\n");
}

/* 1 readable, 0 the deadline passed, -1 Ctrl-C. */
static int
wait_key(struct tty *t, int64_t deadline)
{
	struct waiter plain, *w = &plain;

	poll_waiter(&plain, -1);
	if (t->app->loop != NULL)
		w = loop_waiter(t->app->loop);
	return w->wait(w, t->fd, POLLIN, deadline);
}

/* Keys one by one, not shown. */
static void
keys_mode(struct tty *t)
{
	struct termios keys = t->cooked;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(t->fd, TCSADRAIN, &keys);
}

/* 0: go on. -1: the reader leaves. */
static int
wait_page(struct tty *t)
{
	char keys[64];
	ssize_t n;

	for (;;) {
		if (wait_key(t, INT64_MAX) != 1)
			return -1;
		n = read(t->fd, keys, sizeof(keys));
		if (n <= 0 || memchr("qQ\003\004", keys[0], 4) != NULL)
			return -1;
		if (memchr(" \r\nfnj", keys[0], 6) != NULL)
			return 0;
		if (n == 4 && memcmp(keys, "\033[6~", 4) == 0) /* page down */
			return 0;
	}
}

int
tty_pages(struct tty *t, const struct show *s, struct err *e)
{
	struct arena *a = arena_new();
	size_t i, shown = 0;
	int rc = 0;

	keys_mode(t);
	for (i = 0; i < s->n && rc == 0; i++) {
		if (shown++ == (size_t)(t->height - 1)) {
			shown = 1;
			tcflush(t->fd, TCIFLUSH);
			write_all(t, arena_printf(a,
					 "-- %zu of %zu lines. Enter: more, q: leave --", i, s->n));
			rc = wait_page(t);
			write_all(t, t->can_erase ? "\r\033[K" : "\n");
		}
		if (rc == 0)
			tty_line(t, s->lines[i].style, s->lines[i].text);
	}
	tcsetattr(t->fd, TCSADRAIN, &t->cooked);
	arena_free(a);
	return rc == 0
		   ? 0
		   : err_set(e, ERR_CANCELLED, "left before the end was shown; nothing was signed");
}

void
tty_keys(struct tty *t)
{
	keys_mode(t);
}

void
tty_lines(struct tty *t)
{
	tcsetattr(t->fd, TCSADRAIN, &t->cooked);
}

int
tty_key(struct tty *t, int64_t deadline)
{
	char keys[64];
	int rc = wait_key(t, deadline);

	if (rc != 1)
		return rc;
	return read(t->fd, keys, sizeof(keys)) <= 0 ? -1 : (unsigned char)keys[0];
}

char *
tty_ask(struct tty *t, struct arena *a, const char *question, int64_t deadline)
{
	char answer[ANSWER_MAX];
	ssize_t n = -1;

	tcsetattr(t->fd, TCSADRAIN, &t->cooked);
	/* Thrown away before the question is seen: what comes after it is its answer. */
	tcflush(t->fd, TCIFLUSH);
	write_all(t, question);
	if (wait_key(t, deadline) == 1)
		n = read(t->fd, answer, sizeof(answer) - 1);
	if (n <= 0 || answer[n - 1] != '\n' || memchr(answer, '\n', (size_t)n - 1) != NULL) {
		write_all(t, "\n");
		tcflush(t->fd, TCIFLUSH);
		return NULL;
	}
	return arena_strndup(a, answer, (size_t)n - 1);
}

int
tty_paste(struct tty *t, const char *mark, struct buf *b)
{
	char chunk[4096];
	const char *found;
	ssize_t n;
	int rc = 0;

	keys_mode(t);
	while (!b->overflow) {
		rc = wait_key(t, INT64_MAX);
		if (rc != 1)
			break;
		n = read(t->fd, chunk, sizeof(chunk));
		if (n <= 0 || chunk[0] == 4)
			break;
		buf_add(b, chunk, (size_t)n);
		/* The whole line the mark stands in belongs to it. */
		found = memmem(buf_str(b), b->len, mark, strlen(mark));
		if (found != NULL && strpbrk(found, "\r\n") != NULL)
			break;
	}
	tcsetattr(t->fd, TCSADRAIN, &t->cooked);
	tcflush(t->fd, TCIFLUSH);
	return rc == -1 ? -1 : 0;
}
