/* How old the site's backups are when something dangerous is planned: kept with the intent. */
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

void
planning_backups(struct context *c, struct plan *p)
{
	const struct backup_config *b;
	struct backup_facts f;
	struct backup_age *list;
	struct err ignored = {0};
	size_t i;

	if (p->danger <= DANGER_WRITE && p->verdict.level != LEVEL_APPROVE)
		return;
	list = arena_array(c->arena, c->config->nbackups + 1, sizeof(*list));
	p->backups = list;
	for (i = 0; i < c->config->nbackups; i++) {
		b = &c->config->backups[i];
		/* What cannot be read is no backup that anybody could count on. */
		if (strcmp(b->cluster, c->cluster_config->name) != 0 ||
		    ask_backup(c->waiter, c->arena, b, NULL, 0, &f, &ignored) != 0)
			continue;
		list[p->nbackups++] = (struct backup_age){.name = b->name,
		    .newest = f.nitems == 0 ? "" : f.items[0].name,
		    .made = f.nitems == 0 ? 0 : f.items[0].made,
		    .proved = f.proof.at,
		    .is_proved = f.proof.at != 0 && f.proof.ok};
	}
}
