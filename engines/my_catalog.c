/*
 * The identity of a table, see my_catalog.h. InnoDB writes names with @xxxx for what is no letter,
 * digit, _ or $: such a name is identified by its time of creation instead.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_catalog.h"
#include "engines/my_driver.h"
#include "banned.h"

static int
is_plain(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
	       strlen(s);
}

static char *
innodb(struct arena *a, const char *column, const char *schema, const char *name, int new_names)
{
	if (!is_plain(schema) || !is_plain(name))
		return arena_strdup(a, "NULL");
	return arena_printf(a,
	    "(SELECT i.%s FROM information_schema.%s AS i WHERE i.NAME = '%s/%s')", column,
	    new_names ? "INNODB_TABLES" : "INNODB_SYS_TABLES", schema, name);
}

char *
my_object_id(struct arena *a, const char *schema, const char *name, int new_names)
{
	return arena_printf(a,
	    "COALESCE(%s, (SELECT CRC32(CONCAT_WS('|', t.TABLE_SCHEMA, t.TABLE_NAME, "
	    "t.TABLE_TYPE, t.CREATE_TIME)) FROM information_schema.TABLES AS t WHERE "
	    "t.TABLE_SCHEMA = %s AND t.TABLE_NAME = %s), 0)",
	    innodb(a, "TABLE_ID", schema, name, new_names), my_quote_literal(a, schema),
	    my_quote_literal(a, name));
}

char *
my_object_file(struct arena *a, const char *schema, const char *name, int new_names)
{
	return arena_printf(a, "COALESCE(%s, 0)", innodb(a, "SPACE", schema, name, new_names));
}
