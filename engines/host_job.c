/*
 * Background jobs on hosts: the words of the configuration, run as they stand. Must never run the
 * words of a plan on a host that shows another key than the plan's.
 */
#include <stdio.h>
#include <string.h>

#include "engines/host_ask.h"
#include "engines/members.h"
#include "job.h"
#include "text.h"
#include "banned.h"

#define WORDS 40
#define SAID_MAX 300

static void
first_line(const struct host_command *cmd, char *out, size_t size)
{
	const char *said = buf_str(&cmd->out);

	if (said[0] == '\0')
		said = buf_str(&cmd->err);
	snprintf(out, size, "%.*s", (int)strcspn(said, "\r\n"), said);
}

int
ask_job(struct cluster *c, struct waiter *w, struct arena *a, const struct job_config *job,
    const char **said, int *status, struct err *e)
{
	const struct host_config *config = host_find(c->setup.config, job->host);
	const char *argv[WORDS + 1] = {NULL};
	struct host_command cmd = {.argv = argv};
	char line[SAID_MAX];
	struct host_conn *h;
	size_t i;
	int rc;

	*said = "";
	*status = -1;
	if (job->nstatus == 0)
		return 0;
	for (i = 0; i < job->nstatus && i < WORDS; i++)
		argv[i] = job->status[i];
	if (host_open(c->setup.config, job->host, w, &h, e) != 0)
		return -1;
	cmd.timeout_ms = config->timeout_ms;
	rc = host_run(h, w, &cmd, e);
	if (rc == 0) {
		first_line(&cmd, line, sizeof(line));
		*said = arena_strdup(a, line);
		*status = cmd.status;
	}
	host_command_free(&cmd);
	host_close(h);
	return rc;
}

int
host_job(
    struct cluster *c, struct waiter *w, const struct step *s, struct outcome *out, struct err *e)
{
	const char *argv[WORDS + 1] = {NULL};
	struct host_command cmd = {.argv = argv, .timeout_ms = s->timeout_ms};
	char line[SAID_MAX], name[16];
	struct host_conn *h;
	size_t n;
	int rc;

	text_copy(out->tag, sizeof(out->tag), s->proc);
	for (n = 0; n < WORDS; n++) {
		snprintf(name, sizeof(name), "word%zu", n + 1);
		if ((argv[n] = host_argument(s, name)) == NULL)
			break;
	}
	if (host_of_step(c, w, s, &h, e) != 0)
		return -1;
	rc = host_run(h, w, &cmd, e);
	out->is_unknown = cmd.is_unknown;
	if (cmd.is_unknown && e != NULL)
		e->code = ERR_UNKNOWN;
	if (rc == 0 && (cmd.status != 0 || cmd.signal[0] != '\0')) {
		first_line(&cmd, line, sizeof(line));
		rc = err_set(e, ERR_FAILED, "job %s on host %s: its command left with %s%s: %s",
		    host_argument(s, "job"), s->node, cmd.signal[0] != '\0' ? "SIG" : "status ",
		    cmd.signal[0] != '\0' ? cmd.signal
					  : (snprintf(name, sizeof(name), "%d", cmd.status), name),
		    line);
	}
	host_command_free(&cmd);
	host_close(h);
	return rc;
}
