/*
 * holdfast-policy(5) into struct site_policy.
 */
#ifndef POLICY_FILE_H
#define POLICY_FILE_H

#include "err.h"
#include "policy.h"

struct arena;

/* file NULL: the built-in policy. The digest is filled in. */
int policy_load(struct arena *a, const char *file, struct site_policy *out, struct err *e);
/* The text of a file, for tests and fuzzing. */
int policy_parse(struct arena *a, const char *file, const char *text, size_t len,
    struct site_policy *out, struct err *e);

/* What only the config can tell: -1 with ERR_CONFIG where hold_names has no node of it. */
int policy_fits(const struct site_policy *p, const struct config *c, struct err *e);

#endif
