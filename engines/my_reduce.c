/*
 * The answer to SHOW ALL SLAVES STATUS, and to what it is called elsewhere, brought to the one row
 * that plans check: see my_driver.h. Must never call a replica held while any of its channels may
 * still apply something.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "banned.h"

int
my_is_replica_status(const char *sql)
{
	return strcmp(sql, "SHOW ALL SLAVES STATUS") == 0 ||
	       strcmp(sql, "SHOW SLAVE STATUS") == 0 || strcmp(sql, "SHOW REPLICA STATUS") == 0;
}

const char *
my_log_position(struct arena *a, const char *file, const char *offset)
{
	const char *dot = file == NULL ? NULL : strrchr(file, '.');
	unsigned long long no, at;
	char *end;

	if (dot == NULL || offset == NULL || offset[0] == '\0')
		return "";
	no = strtoull(dot + 1, &end, 10);
	if (end == dot + 1 || *end != '\0' || no > 0xffffffffU)
		return "";
	at = strtoull(offset, &end, 10);
	if (*end != '\0' || at > 0xffffffffU)
		return "";
	return arena_printf(a, "%llX/%llX", no, at);
}

static const char *
one_of(MYSQL_RES *r, MYSQL_ROW row, const char *older, const char *newer)
{
	const char *t = my_cell(r, row, older);

	if (t == NULL)
		t = my_cell(r, row, newer);
	return t == NULL ? "" : t;
}

static void
received(struct arena *a, MYSQL_RES *r, MYSQL_ROW row, const char *out[MY_NREDUCED])
{
	out[MY_RECEIVED] = my_log_position(a, one_of(r, row, "Master_Log_File", "Source_Log_File"),
	    one_of(r, row, "Read_Master_Log_Pos", "Read_Source_Log_Pos"));
	if (strcmp(one_of(r, row, "Slave_IO_Running", "Replica_IO_Running"), "Yes") == 0)
		out[MY_SOURCE] =
		    arena_printf(a, "%s:%s", one_of(r, row, "Master_Host", "Source_Host"),
			one_of(r, row, "Master_Port", "Source_Port"));
}

void
my_reduce(struct arena *a, MYSQL_RES *r, const char *out[MY_NREDUCED])
{
	const char *file, *offset, *gtid, *error;
	MYSQL_ROW row;
	int runs = 0, n = 0;

	out[MY_HELD] = "no replication";
	out[MY_POSITION] = NULL;
	out[MY_RECEIVED] = NULL;
	out[MY_GTID] = out[MY_FILE] = out[MY_ERROR] = out[MY_WAITS] = out[MY_SOURCE] = "";
	while (r != NULL && (row = mysql_fetch_row(r)) != NULL) {
		runs |=
		    strcmp(one_of(r, row, "Slave_SQL_Running", "Replica_SQL_Running"), "No") != 0;
		file = one_of(r, row, "Relay_Master_Log_File", "Relay_Source_Log_File");
		offset = one_of(r, row, "Exec_Master_Log_Pos", "Exec_Source_Log_Pos");
		out[MY_FILE] =
		    arena_printf(a, "%s%s%s:%s", out[MY_FILE], n > 0 ? ", " : "", file, offset);
		if (n++ == 0) {
			out[MY_POSITION] = my_log_position(a, file, offset);
			received(a, r, row, out);
		}
		gtid = one_of(r, row, "Gtid_Slave_Pos", "Executed_Gtid_Set");
		error = one_of(r, row, "Last_SQL_Error", "Last_SQL_Error");
		out[MY_GTID] = arena_strdup(a, gtid);
		if (error[0] != '\0')
			out[MY_ERROR] = arena_strndup(a, error, strnlen(error, 300));
		out[MY_WAITS] = arena_strdup(
		    a, one_of(r, row, "Slave_SQL_Running_State", "Replica_SQL_Running_State"));
	}
	if (n > 0)
		out[MY_HELD] = runs ? "replaying" : "held";
}
