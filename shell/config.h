/*
 * holdfast.conf(5) into struct config. Paths come out absolute: relative ones are meant from the
 * directory of the file that holds them.
 */
#ifndef SHELL_CONFIG_H
#define SHELL_CONFIG_H

/* By its full name: from this folder "config.h" would be this file. */
#include "err.h"
#include "include/config.h"

struct arena;

/*
 * file NULL: $HOLDFAST_CONFIG, ~/.config/holdfast/holdfast.conf, /etc/holdfast/holdfast.conf, the
 * first that is there; none: built-in defaults without a cluster (out->file NULL).
 */
int config_load(struct arena *a, const char *file, struct config *out, struct err *e);
/* The text of a file, for tests and fuzzing; dir is what relative paths are meant from. */
int config_parse(struct arena *a, const char *file, const char *dir, const char *text, size_t len,
    struct config *out, struct err *e);
/* Puts the one cluster a URL means in place of the clusters of *out, which is loaded or zeroed. */
int config_from_url(struct arena *a, const char *url, struct config *out, struct err *e);

#endif
