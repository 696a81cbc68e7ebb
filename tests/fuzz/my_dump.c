/*
 * Fuzzes what reads a dump of MariaDB or MySQL: no input may crash it, give a piece outside of the
 * text, or rows that are more than literals as the lexer sees them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "engines/my_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rows(const char *text, size_t len, size_t from)
{
	struct my_tuples t = {.p = text, .len = len, .i = from};
	const char *row, *end = text + from;
	size_t n;

	while (my_tuple(&t, &row, &n) == 1) {
		if (row < end || row + n > text + len || row[0] != '(' || row[n - 1] != ')')
			abort();
		end = row + n;
	}
}

static void
check(struct arena *a, const char *text, size_t len)
{
	struct my_definition d;
	struct my_pick p;

	my_pick(a, text, len, "d", "d", "t", &p);
	if (p.kind == MY_PICK_ROWS)
		check_rows(text, len, p.from);
	if (p.kind == MY_PICK_TABLE)
		my_define(a, text, len, "d", "s", "t", &d, NULL);
	if (p.kind == MY_PICK_TRIGGER)
		my_trigger_on(a, text, len, "`d`.`u`");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	const char *const paths[] = {path};
	int fd = memfd_create("dump", 0);
	struct arena *a = arena_new();
	enum my_piece what;
	struct my_script s;
	struct waiter w;
	char *text;
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	poll_waiter(&w, -1);
	my_script_init(&s, paths, 1, &w);
	while (my_script_next(&s, &what, &text, &len, NULL) == 0 && what != MY_PIECE_END) {
		if (text < s.buf || text + len > s.buf + s.have)
			abort();
		if (what == MY_PIECE_STATEMENT)
			check(a, text, len);
	}
	my_script_free(&s);
	close(fd);
	arena_free(a);
	return 0;
}
