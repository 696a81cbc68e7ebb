/*
 * The session: what the operator's connection means. The same text means something else in
 * another database, under another search_path or inside a transaction, so judgement depends on
 * it and the plan states it.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "node.h"

enum tx_state { TX_NONE, TX_OPEN, TX_FAILED, TX_UNKNOWN };

struct setting {
	const char *name, *value;
};

struct session {
	const char *engine;
	const char *cluster;  /* identity */
	const char *node;     /* name of the node it really is connected to */
	const char *identity; /* of that node */
	const char *incarnation;
	enum role role;
	const char *database;
	uint32_t database_oid;
	const char *login, *current_role;
	struct setting *settings; /* those that change a statement's meaning, sorted by name */
	size_t nsettings;
	enum tx_state tx;
	int64_t tx_age_ms;
	const char **prepared; /* names of prepared statements */
	size_t nprepared;
	size_t ntemporary; /* temporary tables of this session */
	int version;
	int backend_pid;
	int is_superuser;
};

const char *session_setting(const struct session *s, const char *name); /* NULL where unset */

#endif
