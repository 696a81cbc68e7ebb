/*
 * doctor's look at this side: who this is, who else may sign, where it is written down.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "command.h"
#include "commands/doctor.h"
#include "operators.h"
#include "banned.h"

/* Somebody else must be able to sign. */
static void
second_person(struct checkup *k)
{
	struct context *c = k->c;
	const char **all = NULL;
	size_t n, i, others = 0,
		     wanted = (size_t)(c->policy->approvals < 1 ? 1 : c->policy->approvals);

	if (c->operators == NULL) {
		check_add(k, HEALTH_MISSING, "operators = \"FILE\" in the config; holdfast.conf(5)",
		    "operators: no file says who may approve, so nothing that needs it can run");
		return;
	}
	n = operators_eligible(c->arena, c->operators, "approval@holdfast", &all);
	for (i = 0; i < n; i++)
		others += strcmp(all[i], c->person) != 0;
	check_add(k, others >= wanted ? HEALTH_OK : HEALTH_MISSING,
	    others >= wanted ? NULL : "add a line with their public key to the operators file",
	    "approvers: %zu other person%s may sign what needs %zu approval%s", others,
	    others == 1 ? "" : "s", wanted, wanted == 1 ? "" : "s");
	if (c->person[0] != '\0' && !operators_has(c->operators, c->person))
		check_add(k, HEALTH_MISSING, "add a line with your public key to it",
		    "operators: %s does not stand in %s", c->person, c->operators->file);
}

static void
own_files(struct checkup *k)
{
	const struct context *c = k->c;

	check_add(k, c->config->file == NULL ? HEALTH_NOTE : HEALTH_OK,
	    c->config->file == NULL ? "holdfast URL init writes one" : NULL, "config: %s",
	    c->config->file == NULL ? "none; built-in defaults" : c->config->file);
	if (c->is_signed)
		check_add(k, HEALTH_OK, NULL, "person: %s, who signs with a key", c->person);
	else
		check_add(k, HEALTH_MISSING, "--as NAME, and a key for NAME in the config",
		    "person: unsigned, so only looking and making safe work");
	second_person(k);
	if (c->store == NULL)
		check_add(k, HEALTH_NOTE, "spool = \"DIRECTORY\" in the config",
		    "requests: no spool; they can be pasted through a chat");
	else
		check_add(k, HEALTH_OK, NULL, "requests: spool %s", c->config->spool);
	if (c->is_journal_writable && c->journal_trouble == NULL)
		check_add(k, HEALTH_OK, NULL, "journal: written to %s", c->config->journal[0]);
	else
		check_add(k, HEALTH_MISSING,
		    "journal = {\"DIRECTORY\"} in the config, writable by you", "journal: %s",
		    c->journal_trouble != NULL ? c->journal_trouble : "cannot be written");
}

static int
is_there(struct arena *a, const char *program)
{
	const char *dirs = getenv("PATH");
	size_t n;

	for (; dirs != NULL && *dirs != '\0'; dirs += n + (dirs[n] == ':')) {
		n = strcspn(dirs, ":");
		if (access(arena_printf(a, "%.*s/%s", (int)n, dirs, program), X_OK) == 0)
			return 1;
	}
	return 0;
}

static void
programs(struct checkup *k)
{
	static const char *const all[][2] = {{"pg_dump", "undo brings a table back with it"},
	    {"ssh-keygen", "it verifies signatures independently"}};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!is_there(k->c->arena, all[i][0]))
			check_add(k, HEALTH_NOTE, "install it here",
			    "program: %s is not in PATH; %s", all[i][0], all[i][1]);
}

void
doctor_own_side(struct checkup *k)
{
	own_files(k);
	programs(k);
}
