/* The listings' questions, as rows. Private to engines/. */
#ifndef PG_LISTS_H
#define PG_LISTS_H

#include "engines/ask.h"

enum list_where {
	LIST_PERSON,  /* the operator's session: what it sees */
	LIST_CONTROL, /* the same node's control session: no frozen statistics, no transaction */
	LIST_PRIMARY, /* the primary's control session */
};

struct list_row {
	enum ask_list what;
	enum list_where where;
	int nparams;	 /* 1: the argument; SQL NULL where none was given */
	int is_required; /* the argument must be given */
	const char *sql;
};

extern const struct list_row pg_lists[];
extern const size_t pg_nlists;

#endif
