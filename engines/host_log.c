/*
 * What the log on a server's disk holds, asked of its host: see lost.h. Must never believe an
 * answer that did not come to its end.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

#define LOG_MS 90000

/* "16/B374D848" of either engine: the halves in hex. */
uint64_t
host_position(const char *position)
{
	char *end;
	uint64_t hi;

	if (position == NULL)
		return 0;
	hi = strtoull(position, &end, 16);
	return hi << 32 | (*end == '/' ? strtoull(end + 1, NULL, 16) : 0);
}

static const char *
word(struct arena *a, const char *value)
{
	return arena_strndup(a, value, strcspn(value, "\r\n"));
}

int
host_log_read(struct arena *a, const struct buf *b, struct log_facts *f)
{
	const char *name, *value;
	struct control c;
	size_t at = 0;

	*f = (struct log_facts){
	    .bytes = -1, .commits = -1, .state = STATE_NOT_KNOWN, .first = "", .last = ""};
	while (host_pair(b, &at, &name, &value)) {
		if (strcmp(name, "end") == 0)
			return 0;
		if (strcmp(name, "pid") == 0)
			f->pid = strtoll(value, NULL, 10);
		else if (strcmp(name, "control") == 0 && strlen(value) == 112 &&
			 control_read(value, &c) == 0)
			f->state = c.state;
		else if (strcmp(name, "commits") == 0 && value[0] != '\0')
			f->commits = strtoll(value, NULL, 10);
		else if (strcmp(name, "bytes") == 0 && value[0] != '\0')
			f->bytes = strtoll(value, NULL, 10);
		else if (strcmp(name, "first") == 0 && value[0] != '-')
			f->first = word(a, value);
		else if (strcmp(name, "last") == 0 && value[0] != '-')
			f->last = word(a, value);
		else if (strcmp(name, "log_end") == 0) {
			f->end.text = word(a, value);
			f->end.value = host_position(value);
		}
	}
	return -1;
}

int
ask_log(struct cluster *c, struct waiter *w, struct arena *a, const char *host,
    const struct log_question *q, struct log_facts *out, struct err *e)
{
	int is_pg = strcmp(q->engine, "postgresql") == 0;
	const char *words[] = {q->directory, is_pg ? host_system_hex(a, q->system) : "",
	    arena_printf(a, "%d", q->timeline), q->from, q->after};
	struct host_command cmd = {0};
	struct host_conn *h;
	int rc;

	if (host_open(c->setup.config, host, w, &h, e) != 0)
		return -1;
	rc = host_script(h, w, is_pg ? script_pg_log : script_my_log, words, 5, LOG_MS, &cmd, e);
	if (rc == 0 && (host_log_read(a, &cmd.out, out) != 0 || out->end.value == 0))
		rc = err_set(e, ERR_FAILED, "host %s: where the log in %s ends could not be read",
		    host, q->directory);
	host_command_free(&cmd);
	host_close(h);
	return rc;
}
