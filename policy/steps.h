/*
 * Arranging the steps an engine's wording appended. Private to policy/.
 */
#ifndef POLICY_STEPS_H
#define POLICY_STEPS_H

#include "plan.h"

/* One argument of a procedure. name is static; value is copied, NULL is "". */
void steps_arg(struct arena *a, struct step *s, const char *name, const char *value);
/* What the step itself reports is kept under this name: said at its end, and in its outcome in the
 * journal. */
void steps_report(struct arena *a, struct step *s, const char *name);
void steps_set_part(struct plan *p, size_t from, enum step_part part);
void steps_set_conn(struct plan *p, size_t from, enum step_conn conn);
void steps_set_undo(struct plan *p, size_t from, const char *undo);
/* Takes the steps of this kind on this node out again. */
void steps_drop(struct plan *p, size_t from, enum step_kind kind, const char *node);
/* Steps of one wave stand together, waves rise, and what has no order keeps its own. */
void steps_sort(struct plan *p, size_t from);

#endif
