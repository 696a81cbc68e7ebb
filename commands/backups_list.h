/* The list of backups: what the configuration declares, and the safety copies of guards. */
#ifndef BACKUPS_LIST_H
#define BACKUPS_LIST_H

#include "command.h"

/* A section of this cluster, of that name; NULL: any. */
int backups_is_meant(const struct context *c, const struct backup_config *b, const char *name);
int backups_list(struct context *c, struct result *r, struct err *e);

#endif
