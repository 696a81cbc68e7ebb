/*
 * Synchronous standbys: how many a commit waits for, and whether that many are there. Where they
 * are not, every commit hangs, and nothing in the server's answers says so. Must never count a
 * standby whose state this login may not see.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_findings.h"
#include "banned.h"

/* "FIRST 2 (a, b)", "ANY 1 (*)", "2 (a, b)", "a, b": how many; 0 where nobody is waited for. */
static long
wanted(const char *names)
{
	const char *p = names + strspn(names, " \t");
	char *end;
	long n;

	if (*p == '\0')
		return 0;
	if (strncasecmp(p, "first", 5) == 0 && isspace((unsigned char)p[5]))
		p += 5;
	else if (strncasecmp(p, "any", 3) == 0 && isspace((unsigned char)p[3]))
		p += 3;
	n = strtol(p, &end, 10);
	end += strspn(end, " \t");
	return n > 0 && *end == '(' ? n : 1;
}

/* How many count now; -1 where that may not be seen. */
static long
counted(const struct probe *p)
{
	const struct sender *s;
	long n = 0;
	size_t i;

	for (i = 0; i < p->nsenders; i++) {
		s = &p->senders[i];
		if (s->state == NULL)
			return -1;
		n += strcmp(s->state, "streaming") == 0 && s->sync_state != NULL &&
		     (strcmp(s->sync_state, "sync") == 0 || strcmp(s->sync_state, "quorum") == 0);
	}
	return n;
}

const char *
finding_sync_short(const struct view_of *v)
{
	static const char *const waits[] = {"on", "remote_write", "remote_apply"};
	long n, have;
	size_t i;

	if (v->p == NULL || v->n->sync_names == NULL || v->n->sync_commit == NULL ||
	    !finding_is_writable(v->n))
		return NULL;
	for (i = 0; i < 3 && strcmp(waits[i], v->n->sync_commit) != 0; i++)
		;
	n = wanted(v->n->sync_names);
	have = counted(v->p);
	if (i == 3 || have < 0 || have >= n)
		return NULL;
	return arena_printf(v->a,
	    "commits on %s wait for %ld synchronous standby%s (%s) and %s stream%s: every commit "
	    "hangs",
	    v->n->name, n, n == 1 ? "" : "s", v->n->sync_names,
	    have == 0 ? "none" : arena_printf(v->a, "%ld", have), have < 2 ? "s" : "");
}
