/*
 * A journal file for --json: its records as one array, ASCII only, as they stand.
 */
#include <stdlib.h>

#include "arena.h"
#include "buf.h"
#include "commands/records.h"
#include "banned.h"

#define JSON_MAX ((size_t)1 << 30)

int
records_json(struct arena *a, const char *file, struct view *v, struct err *e)
{
	struct journal_reader *in;
	struct record rec;
	struct buf b;
	char *dump;
	int got;

	if (journal_reader_open(file, &in, e) != 0)
		return -1;
	buf_init(&b, JSON_MAX);
	while ((got = journal_reader_next(in, &rec, e)) == 1) {
		dump = json_dumps(rec.json, JSON_COMPACT | JSON_ENSURE_ASCII);
		buf_printf(&b, "%s%s", b.len == 0 ? "[" : ",\n", dump == NULL ? "null" : dump);
		free(dump);
	}
	buf_puts(&b, b.len == 0 ? "[]" : "]");
	v->json = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	journal_reader_close(in);
	view_lines(a, v, NULL, 0);
	return got == 0 ? 0 : -1;
}
