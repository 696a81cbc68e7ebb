/*
 * Bytes of the terminal, sorted into keys for readline and bracketed pastes. A paste is everything
 * between ESC[200~ and ESC[201~, whatever bytes it has; readline never sees its marks. Keys that
 * are no text (bytes that are no UTF-8, characters that hide) are masked, so that readline cannot
 * show them raw. Must never give a byte of a paste to readline as a key.
 */
#include <string.h>

#include "arena.h"
#include "text.h"
#include "shell/line.h"
#include "shell/repl_inside.h"
#include "banned.h"

#define PASTE_BEGIN "\033[200~"
#define PASTE_END "\033[201~"
#define MARK 6
#define KEYS_MAX ((size_t)64 << 20)
#define SILENCE_MS 1000
#define REST_MS 100 /* how long the rest of a key or mark may take */

void
input_init(struct repl *r)
{
	buf_init(&r->keys, KEYS_MAX);
	buf_init(&r->tail, 16);
	buf_init(&r->paste, LINE_INPUT_MAX);
}

void
input_free(struct repl *r)
{
	buf_free(&r->keys);
	buf_free(&r->tail);
	buf_free(&r->paste);
}

int
input_has_keys(const struct repl *r)
{
	return r->keys_at < r->keys.len;
}

/* True where s could be the start of the mark, and is not the whole of it. */
static int
is_start_of(const char *mark, const char *s, size_t n)
{
	return n < MARK && memcmp(s, mark, n) == 0;
}

/* One key: a byte of ASCII as it is, else a character, masked where it is odd. */
static size_t
add_key(struct repl *r, const char *s, size_t n)
{
	struct arena *a;
	size_t used;
	int32_t c = text_rune((const unsigned char *)s, n, &used);
	char *m;

	if (c >= 0 && c < 0x80) {
		buf_add(&r->keys, s, 1);
	} else if (c >= 0 && !text_is_exotic(s, used)) {
		buf_add(&r->keys, s, used);
	} else {
		a = arena_new();
		m = line_mask(a, s, used);
		buf_add(&r->keys, m, strlen(m));
		arena_free(a);
	}
	return used;
}

/* True where s is a character of which bytes are still missing. */
static int
is_partial(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];
	size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1, i;

	if (n >= need || n > 3)
		return 0;
	for (i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
	return 1;
}

/* Bytes of a paste up to its end. Returns how many were used. */
static size_t
feed_paste(struct repl *r, const char *s, size_t n)
{
	const char *end = memmem(s, n, PASTE_END, MARK);
	size_t used = end == NULL ? n : (size_t)(end - s), hold;

	if (end == NULL) {
		for (hold = n < MARK ? n : MARK - 1; hold > 0; hold--)
			if (is_start_of(PASTE_END, s + n - hold, hold))
				break;
		used = n - hold;
	}
	if (!r->is_discarding)
		buf_add(&r->paste, s, used);
	if (end == NULL)
		return used;
	r->is_pasting = 0;
	r->has_paste = !r->is_discarding;
	r->is_discarding = 0;
	return used + MARK;
}

/* Ctrl-C takes back what was typed before it and not yet seen. */
static int
is_signal(struct repl *r, char c)
{
	if (c == '\0')
		return 0; /* what a terminal has when it has no such key */
	if ((unsigned char)c == r->interrupt_key) {
		buf_reset(&r->keys);
		r->keys_at = 0;
		r->is_interrupted = 1;
		return 1;
	}
	if ((unsigned char)c == r->suspend_key) {
		r->is_suspended = 1;
		return 1;
	}
	return 0;
}

static size_t
feed_keys(struct repl *r, const char *s, size_t n, int is_last)
{
	size_t i = 0;

	while (i < n) {
		if (n - i >= MARK && memcmp(s + i, PASTE_BEGIN, MARK) == 0) {
			r->is_pasting = 1;
			buf_reset(&r->paste);
			return i + MARK;
		}
		if (!is_last &&
		    (is_start_of(PASTE_BEGIN, s + i, n - i) || is_partial(s + i, n - i)))
			return i;
		if (is_signal(r, s[i])) {
			i++;
			continue;
		}
		i += add_key(r, s + i, n - i);
	}
	return i;
}

/* Goes as far as it can; stops behind a whole paste, which must be taken before what follows. */
static void
feed(struct repl *r, const char *s, size_t n, int is_last)
{
	struct buf rest;
	size_t i = 0, used;

	while (i < n && !r->has_paste) {
		used = r->is_pasting ? feed_paste(r, s + i, n - i)
				     : feed_keys(r, s + i, n - i, is_last);
		if (used == 0)
			break;
		i += used;
	}
	buf_init(&rest, KEYS_MAX);
	buf_add(&rest, s + i, n - i);
	buf_free(&r->tail);
	r->tail = rest;
	r->tail_until = now_ms() + REST_MS;
}

void
input_feed(struct repl *r, const char *s, size_t n)
{
	struct buf all = r->tail;
	int64_t silent = now_ms() - r->fed_ms;

	r->fed_ms = now_ms();
	/* A paste whose end never came: Ctrl-C, pressed by a person, ends it. */
	if (r->is_pasting && n == 1 && (unsigned char)s[0] == r->interrupt_key &&
	    silent > SILENCE_MS) {
		input_drop(r);
		r->is_interrupted = 1;
		return;
	}
	if (r->keys_at == r->keys.len) {
		buf_reset(&r->keys);
		r->keys_at = 0;
	}
	if (all.len == 0) {
		feed(r, s, n, 0);
		return;
	}
	buf_init(&r->tail, KEYS_MAX);
	all.max = KEYS_MAX;
	buf_add(&all, s, n);
	feed(r, buf_str(&all), all.len, 0);
	buf_free(&all);
}

static void
feed_tail(struct repl *r, int is_last)
{
	struct buf all = r->tail;

	buf_init(&r->tail, KEYS_MAX);
	feed(r, buf_str(&all), all.len, is_last);
	buf_free(&all);
}

void
input_resume(struct repl *r)
{
	r->has_paste = 0;
	buf_reset(&r->paste);
	feed_tail(r, 0);
}

int64_t
input_deadline(const struct repl *r)
{
	if (r->is_discarding || (!r->is_pasting && r->tail.len > 0))
		return r->tail_until;
	return INT64_MAX;
}

void
input_settle(struct repl *r)
{
	if (now_ms() < input_deadline(r))
		return;
	if (r->is_discarding) {
		r->is_pasting = r->is_discarding = 0;
		buf_reset(&r->tail);
		return;
	}
	feed_tail(r, 1);
}

void
input_drop(struct repl *r)
{
	buf_reset(&r->keys);
	r->keys_at = 0;
	buf_reset(&r->tail);
	buf_reset(&r->paste);
	r->has_paste = 0;
	r->is_discarding = r->is_pasting;
	r->tail_until = now_ms() + REST_MS;
}
