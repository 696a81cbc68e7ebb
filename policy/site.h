/*
 * The site's own rules. Private to policy/.
 */
#ifndef POLICY_SITE_H
#define POLICY_SITE_H

#include "policy.h"

/* True where the site's rule speaks of this action now. What is not known counts as too much. */
int site_rule_matches(
    const struct site_rule *r, const struct action *x, int64_t estimate, int64_t now);

#endif
