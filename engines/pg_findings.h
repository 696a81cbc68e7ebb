/*
 * Rules of pg_findings.c that stand in files of their own. Each says one sentence, or NULL. Private
 * to engines/.
 */
#ifndef PG_FINDINGS_H
#define PG_FINDINGS_H

#include "engines/pg_crawl.h"

/* What a rule looks at. Subject is one node with its probe (NULL: it did not answer), one consumer,
 * one subscription or publication, or the whole: then all of these are NULL. */
struct view_of {
	struct arena *a;
	const struct topology *t;
	const struct crawl *k;
	const struct node *n;
	const struct probe *p;
	const struct consumer *c;
	const struct logical *l;
};

typedef const char *rule_fn(const struct view_of *v); /* the sentence, or NULL */

int finding_is_writable(const struct node *n);
/* pg_fork.c */
rule_fn finding_two_primaries, finding_clone, finding_diverged;
/* pg_findings_slots.c */
rule_fn finding_filling_slot, finding_idle_slot, finding_filling_standby, finding_failing_slot;
/* pg_sync.c */
rule_fn finding_sync_short;
/* pg_company.c */
rule_fn finding_company;

#endif
