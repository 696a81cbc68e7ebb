/*
 * Asking one question, and quoting for it. Must never quote in a way that a sql_mode undoes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "banned.h"

/* As hexadecimal: no quote, backslash or character set has a say in it. */
char *
my_quote_literal(struct arena *a, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = strlen(value), i, k = 0;
	char *out = arena_alloc(a, n * 2 + 32);

	for (i = 0; i < n; i++)
		if ((value[i] < ' ' && value[i] >= 0) || value[i] == '\'' || value[i] == '\\' ||
		    (value[i] & 0x80) != 0)
			break;
	if (i == n) {
		snprintf(out, n * 2 + 32, "'%s'", value);
		return out;
	}
	k = (size_t)snprintf(out, n * 2 + 32, "CONVERT(0x");
	for (i = 0; i < n; i++) {
		out[k++] = digits[(unsigned char)value[i] >> 4];
		out[k++] = digits[(unsigned char)value[i] & 15];
	}
	snprintf(out + k, n * 2 + 32 - k, " USING utf8mb4)");
	return out;
}

char *
my_quote_name(struct arena *a, const char *name)
{
	size_t n = strlen(name), i;
	char *out = arena_alloc(a, n * 2 + 3), *o = out;

	*o++ = '`';
	for (i = 0; i < n; i++) {
		if (name[i] == '`')
			*o++ = '`';
		*o++ = name[i];
	}
	*o++ = '`';
	*o = '\0';
	return out;
}

int
my_ask(struct my_conn *c, struct waiter *w, int64_t deadline, struct arena *a, const char *sql,
    struct my_rows *out, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	MYSQL_FIELD *f;
	MYSQL_ROW row;
	unsigned i;

	memset(out, 0, sizeof(*out));
	if (my_query(c, w, deadline, sql, &r, e) < 0)
		return -1;
	if (r == NULL)
		return 0;
	out->ncols = mysql_num_fields(r);
	out->titles = arena_array(a, out->ncols + 1, sizeof(*out->titles));
	out->is_numeric = arena_array(a, out->ncols + 1, 1);
	for (i = 0; i < out->ncols; i++) {
		f = mysql_fetch_field_direct(r, i);
		out->titles[i] = arena_strdup(a, f->name);
		out->is_numeric[i] = IS_NUM(f->type) != 0;
	}
	out->cells =
	    arena_array(a, (size_t)mysql_num_rows(r) * out->ncols + 1, sizeof(*out->cells));
	while ((row = mysql_fetch_row(r)) != NULL) {
		for (i = 0; i < out->ncols; i++)
			out->cells[out->n * out->ncols + i] = arena_strdup(a, row[i]);
		out->n++;
	}
	return 0;
}
