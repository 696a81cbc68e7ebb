/*
 * Foreign keys of a table or on it, with all that making one again takes. Reads the catalogue only.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_restore.h"
#include "banned.h"

#define QUOTED(column) "CONCAT('`', REPLACE(" column ", '`', '``'), '`')"
#define LISTED(what, by) "GROUP_CONCAT(" what " ORDER BY k.ORDINAL_POSITION SEPARATOR '" by "')"

static const char keys_sql[] =
    "SELECT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.REFERENCED_TABLE_SCHEMA, "
    "k.REFERENCED_TABLE_NAME, " LISTED(QUOTED("k.COLUMN_NAME"), ", ") ", " LISTED(
	QUOTED("k.REFERENCED_COLUMN_NAME"),
	", ") ", CONCAT(CASE r.DELETE_RULE WHEN 'RESTRICT' "
	      "THEN '' ELSE CONCAT(' ON DELETE ', "
	      "r.DELETE_RULE) END, CASE r.UPDATE_RULE WHEN "
	      "'RESTRICT' THEN '' ELSE CONCAT(' ON UPDATE ', "
	      "r.UPDATE_RULE) END), " LISTED(
		  "CONCAT('p.', " QUOTED("k.REFERENCED_COLUMN_NAME") ", ' = c.', " QUOTED(
		      "k.COLUMN_NAME") ")",
		  " AND ") ", " LISTED("CONCAT('c.', " QUOTED("k.COLUMN_NAME") ", ' IS NOT NULL')",
		  " AND ") " FROM information_schema.KEY_COLUMN_USAGE AS k JOIN "
			   "information_schema.REFERENTIAL_CONSTRAINTS AS r ON r.CONSTRAINT_SCHEMA "
			   "= k.CONSTRAINT_SCHEMA AND r.TABLE_NAME = k.TABLE_NAME AND "
			   "r.CONSTRAINT_NAME = k.CONSTRAINT_NAME WHERE k.REFERENCED_TABLE_NAME IS "
			   "NOT NULL AND ";

int
my_keys_of(struct my_undo *u, int is_on_it, struct my_keys *out, struct err *e)
{
	const char *schema = my_quote_literal(u->a, u->schema),
		   *table = my_quote_literal(u->a, u->table), *where;
	struct my_rows r;
	const char **row;
	size_t i;

	where =
	    is_on_it
		? arena_printf(u->a,
		      "k.REFERENCED_TABLE_SCHEMA = %s AND k.REFERENCED_TABLE_NAME = %s AND NOT "
		      "(k.TABLE_SCHEMA = %s AND k.TABLE_NAME = %s)",
		      schema, table, schema, table)
		: arena_printf(u->a, "k.TABLE_SCHEMA = %s AND k.TABLE_NAME = %s", schema, table);
	if (my_ask(u->dst, u->w, now_ms() + 60000, u->a,
		arena_printf(
		    u->a, "%s%s GROUP BY 1, 2, 3, 4, 5, 8 ORDER BY 1, 2, 3", keys_sql, where),
		&r, e) < 0)
		return -1;
	out->keys = arena_array(u->a, r.n + 1, sizeof(*out->keys));
	out->n = r.n;
	for (i = 0; i < r.n; i++) {
		row = &r.cells[i * r.ncols];
		out->keys[i] = (struct my_key){
		    row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9]};
	}
	return 0;
}
