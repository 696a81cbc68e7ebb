/*
 * What procedures on a host answered, as the cells of a row: a plan's checks and results. Must
 * never pass on an answer that did not come to its end.
 */
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

static void
add_cell(struct arena *a, struct outcome *out, const char *value)
{
	out->cells = arena_grow(a, out->cells, out->ncells, sizeof(*out->cells));
	out->cells[out->ncells++] = arena_strdup(a, value);
}

/* pid, end of the log, commits, the first and last one's time, bytes behind `after`, in words. */
int
host_answer_log(struct arena *a, const struct step *s, const struct buf *b, struct outcome *out)
{
	struct log_facts f;
	uint64_t after = host_position(host_argument(s, "after")), n;

	if (host_log_read(a, b, &f) != 0 || f.end.value == 0)
		return -1;
	n = f.bytes >= 0 ? (uint64_t)f.bytes : f.end.value > after ? f.end.value - after : 0;
	add_cell(a, out, arena_printf(a, "%lld", (long long)f.pid));
	add_cell(a, out, f.end.text);
	add_cell(a, out, arena_printf(a, "%lld", (long long)f.commits));
	add_cell(a, out, f.first[0] == '\0' ? "-" : f.first);
	add_cell(a, out, f.last[0] == '\0' ? "-" : f.last);
	add_cell(a, out, arena_printf(a, "%llu", (unsigned long long)n));
	add_cell(a, out, text_bytes(a, (int64_t)n));
	return 0;
}

/* How it was left, and its last checkpoint. */
int
host_answer_control(struct arena *a, const struct step *s, const struct buf *b, struct outcome *out)
{
	const char *name, *value;
	struct control c;
	size_t at = 0;
	int is_seen = 0;

	(void)s;
	while (host_pair(b, &at, &name, &value)) {
		if (strcmp(name, "control") != 0 || strlen(value) != 112 ||
		    control_read(value, &c) != 0)
			continue;
		is_seen = 1;
		add_cell(a, out, cluster_state_name(c.state));
		add_cell(a, out,
		    arena_printf(a, "%X/%X", (unsigned)(c.checkpoint >> 32),
			(unsigned)(c.checkpoint & 0xffffffffU)));
	}
	return is_seen ? 0 : -1;
}

/* In the columns of the other engine: how it was left, and a position that means nothing. */
int
host_answer_stopped(struct arena *a, const struct step *s, const struct buf *b, struct outcome *out)
{
	const char *name, *value;
	size_t at = 0;
	int is_seen = 0;

	(void)s;
	while (host_pair(b, &at, &name, &value))
		is_seen |= strcmp(name, "stopped") == 0;
	add_cell(a, out, "no process works in its directory");
	add_cell(a, out, "0/0");
	return is_seen ? 0 : -1;
}
