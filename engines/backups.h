/* The insides of looking at backups. Private to engines/. */
#ifndef BACKUPS_H
#define BACKUPS_H

#include "backup.h"
#include "engines/ask.h"

int backup_items(
    struct arena *a, const struct backup_config *b, struct backup_facts *out, struct err *e);
void backup_find(struct arena *a, struct backup_facts *f, const char *check,
    enum backup_state state, const char *evidence);
/* The first or the last bytes of a file, ended by a NUL. */
char *backup_edge(struct arena *a, const char *path, int at_end, size_t *len);
const char *backup_proof_path(struct arena *a, const struct backup_config *b);
void backup_proof_read(struct arena *a, const struct backup_config *b, struct backup_proof *out);
int backup_proof_write(
    struct arena *a, const struct backup_config *b, const struct backup_proof *p, struct err *e);
/* backup_decode.c: format, end, versions; a dump of pg_dump is decoded as a whole. */
int backup_decode(struct waiter *w, struct arena *a, const struct backup_config *b,
    const struct backup_live *live, const struct backup_item *x, struct backup_facts *out,
    struct err *e);
/* A directory for a tool's output, and the tool run there; its output is in *log. */
int backup_tool(struct waiter *w, struct arena *a, const char *const *argv, const char **log,
    int64_t limit_ms, struct err *e);
/* A PostgreSQL client program of that version or later, or NULL. */
const char *backup_program(struct arena *a, const char *name, int major);

#endif
