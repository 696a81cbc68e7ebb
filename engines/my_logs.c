/* What of a server's version and binary logs backups are compared with. */
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "banned.h"

int
my_ask_logs(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
    struct backup_live *out, struct err *e)
{
	struct err refused = {0};
	struct my_conn *control;
	struct my_rows r = {0};
	size_t i;

	if (my_control(c, m, w, &control, e) < 0)
		return err_wrap(e, "%s", m->name);
	out->major = control->version / 100;
	/* Without a binary log, or without the right to look: then it is not known. */
	if (my_ask(control, w, cluster_deadline(c, LIMIT_QUERY), a, "SHOW BINARY LOGS", &r,
		&refused) < 0) {
		if (refused.code == ERR_CANCELLED)
			*e = refused;
		return refused.code == ERR_CANCELLED ? -1 : 0;
	}
	out->logs = arena_array(a, r.n + 1, sizeof(*out->logs));
	for (i = 0; i < r.n; i++)
		if (r.cells[i * r.ncols] != NULL)
			out->logs[out->nlogs++] = r.cells[i * r.ncols];
	if (out->nlogs > 0)
		out->log = out->logs[out->nlogs - 1];
	return 0;
}
