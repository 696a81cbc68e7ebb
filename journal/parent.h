/* The link of a new file to the one before it. */
#ifndef JOURNAL_PARENT_H
#define JOURNAL_PARENT_H

#include <jansson.h>
#include <stddef.h>

struct journal;

struct jparent {
	json_t *json; /* owned; NULL: no predecessor */
};

/* The newest file of this person on this host whose process is gone. */
void jparent_find(struct jparent *out, struct journal *j);
/* The file of this same session that failed: its last durable record. */
void jparent_own(struct jparent *out, struct journal *j);
void jparent_boot_id(char *out, size_t size);

#endif
