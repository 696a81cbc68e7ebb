/*
 * The languages the classifier reads.
 */
#include <string.h>

#include "engines/dialect.h"
#include "engines/my_sql.h"
#include "engines/pg_sql.h"
#include "engines/sh_lex.h"
#include "banned.h"

static int
next_pg(const char *text, size_t len, const struct lexical *lx, struct my_split *sp,
    struct statement *s, char *in, struct lexical *now)
{
	if (lx != NULL)
		*now = *lx;
	else
		*now = (struct lexical){.standard_conforming_strings = 1};
	return pg_next(text, len, lx, &sp->at, s, in);
}

static void
judge_mysql(const char *text, const struct lexical *lx, char in, struct json_events *scratch,
    struct arena *a, struct statement *s)
{
	(void)scratch;
	my_judge(text, lx, in, 0, a, s);
}

static void
judge_mariadb(const char *text, const struct lexical *lx, char in, struct json_events *scratch,
    struct arena *a, struct statement *s)
{
	(void)scratch;
	my_judge(text, lx, in, 1, a, s);
}

static int
next_sh(const char *text, size_t len, const struct lexical *lx, struct my_split *sp,
    struct statement *s, char *in, struct lexical *now)
{
	(void)lx;
	memset(now, 0, sizeof(*now));
	*in = '-';
	return sh_next(text, len, &sp->at, s);
}

static void
judge_sh(const char *text, const struct lexical *lx, char in, struct json_events *scratch,
    struct arena *a, struct statement *s)
{
	(void)lx;
	(void)in;
	(void)scratch;
	sh_judge(text, a, s);
}

const struct dialect dialects[] = {
    {&engine_postgresql, next_pg, pg_judge},
    {&engine_mysql, my_next, judge_mysql},
    {&engine_mariadb, my_next, judge_mariadb},
    {&engine_sh, next_sh, judge_sh},
};
const size_t ndialects = sizeof(dialects) / sizeof(dialects[0]);

int
dialect_of(const struct engine *g)
{
	size_t i;

	for (i = 0; i < ndialects; i++)
		if (dialects[i].engine == g)
			return (int)i;
	return -1;
}
