/*
 * The table of commands. Adding one is a file and a row here. Alphabetical, habits last.
 */
#include <string.h>

#include "command.h"
#include "banned.h"

/* Each row is defined in the file of its command. */
extern const struct command command_activity, command_approve, command_backups, command_cancel,
    command_classify, command_connect, command_d, command_deny, command_df, command_di, command_dm,
    command_dn, command_dp, command_ds, command_dv, command_dx, command_sf, command_sql_help,
    command_disconnect, command_doctor, command_du, command_expunge, command_failover, command_help,
    command_hosts, command_incident, command_init, command_jobs, command_journal, command_l,
    command_lab, command_lag, command_locks, command_note, command_operators, command_pause,
    command_plan, command_policy, command_postmortem, command_replay, command_requests,
    command_restore, command_resume, command_review, command_rm, command_run, command_sh,
    command_snapshot, command_tables, command_topology, command_undo, command_where;

const struct command *const commands[] = {
    &command_help,
    &command_activity,
    &command_approve,
    &command_backups,
    &command_cancel,
    &command_classify,
    &command_connect,
    &command_deny,
    &command_disconnect,
    &command_doctor,
    &command_expunge,
    &command_failover,
    &command_hosts,
    &command_incident,
    &command_init,
    &command_jobs,
    &command_journal,
    &command_lab,
    &command_lag,
    &command_locks,
    &command_note,
    &command_operators,
    &command_pause,
    &command_plan,
    &command_policy,
    &command_postmortem,
    &command_replay,
    &command_requests,
    &command_restore,
    &command_resume,
    &command_review,
    &command_rm,
    &command_run,
    &command_sh,
    &command_snapshot,
    &command_tables,
    &command_topology,
    &command_undo,
    &command_where,
    &command_d,
    &command_df,
    &command_du,
    &command_di,
    &command_dm,
    &command_dn,
    &command_dp,
    &command_ds,
    &command_dv,
    &command_dx,
    &command_l,
    &command_sf,
    &command_sql_help,
    NULL,
};

/* Every line that is typed asks for its first word, and most are SQL. */
static int
is(const char *command, const char *name, size_t len)
{
	return command[0] == name[0] && strncmp(command, name, len) == 0 && command[len] == '\0';
}

static const struct command *
find(const char *name, size_t len)
{
	const struct command *c;
	size_t i;

	for (i = 0; (c = commands[i]) != NULL; i++)
		if (is(c->name, name, len) || (c->alias != NULL && is(c->alias, name, len)))
			return c;
	return NULL;
}

/* Listings say all they know: \dt+ is \dt. */
const struct command *
command_find(const char *name)
{
	size_t len = strlen(name);
	const struct command *c = find(name, len);

	if (c == NULL && len > 2 && name[0] == '\\' && strchr("dl", name[1]) != NULL &&
	    name[len - 1] == '+')
		c = find(name, len - 1);
	return c;
}
