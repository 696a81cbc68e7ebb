/*
 * What a server must have left for a base backup: seen before it starts, since pg_basebackup would
 * wait or break without saying which of them was missing.
 */
#include "arena.h"
#include "engines/pg_words.h"
#include "banned.h"

void
pg_word_copyable(struct arena *a, struct plan *p, const struct node *n, int slots)
{
	struct step *s = word_step(a, p, KIND_CHECK, n->name, 1, PHASE_FENCE);
	static const char *const fields[] = {"walsenders", "replication slots", "connections"};
	static const char *const settings[] = {
	    "max_wal_senders", "max_replication_slots", "max_connections"};
	const char *least[] = {"2", arena_printf(a, "%d", slots), "1"};
	int i;

	word_text(a, s,
	    "SELECT pg_catalog.current_setting('max_wal_senders')::pg_catalog.int8 - (SELECT "
	    "pg_catalog.count(*) FROM pg_catalog.pg_stat_replication) AS walsenders, "
	    "pg_catalog.current_setting('max_replication_slots')::pg_catalog.int8 - (SELECT "
	    "pg_catalog.count(*) FROM pg_catalog.pg_replication_slots) AS slots, "
	    "pg_catalog.current_setting('max_connections')::pg_catalog.int8 - (SELECT "
	    "pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client "
	    "backend') AS connections, " SQL_SYSTEM
	    " AS system, pg_catalog.current_setting('wal_level') AS wal_level");
	for (i = 0; i < 3; i++)
		word_check(a, s, i, CHECK_GE, VALUE_INT, least[i], NULL,
		    arena_printf(a, "free %s of %s (%s)", fields[i], n->name, settings[i]));
	word_check(a, s, 3, CHECK_EQ, VALUE_TEXT, word_system(n), NULL,
	    arena_printf(a, "system identifier of %s", n->name));
	word_check(a, s, 4, CHECK_NE, VALUE_TEXT, "minimal", NULL,
	    arena_printf(a, "wal_level of %s", n->name));
	s->why = arena_printf(
	    a, "see that %s has walsenders, slots and connections left for a base backup", n->name);
}
