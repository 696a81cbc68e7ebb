/*
 * Fuzzes what reads a dump of PostgreSQL: no input may crash it, or give a piece outside of the
 * text; and what is moved to another schema keeps all that is not a name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "engines/pg_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct pick *x, const char *text, size_t len)
{
	const char *columns;
	enum pick_part part;

	if (pick_learn(x, text, len, NULL) < 0)
		return;
	pick_is_copy(x, text, len, &columns);
	part = pick_judge(x, text, len);
	if ((part == PICK_BEFORE || part == PICK_AFTER) && pick_move(x, text, len, "side") == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("dump", 0);
	struct arena *a = arena_new();
	struct pick x = {.a = a, .schema = "public", .table = "t"};
	enum script_piece what;
	struct dump_script s;
	struct waiter w;
	char *text;
	size_t len;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	poll_waiter(&w, -1);
	x.own = arena_array(a, 1, sizeof(*x.own));
	x.own[x.nown++] = "t";
	script_init(&s, fd, -1, &w);
	while (script_next(&s, &what, &text, &len, NULL) == 0 && what != SCRIPT_END) {
		if (text < s.buf || text + len > s.buf + s.have)
			abort();
		if (what == SCRIPT_STATEMENT || what == SCRIPT_COPY)
			check(&x, text, len);
	}
	script_free(&s);
	close(fd);
	arena_free(a);
	return 0;
}
