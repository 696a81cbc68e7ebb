/*
 * The pen for what a person confirmed: one person acts at a time, as with what is approved. Must
 * never keep anybody from looking or from making safe.
 */
#include <string.h>

#include "shell/app.h"
#include "shell/gate.h"
#include "shell/out.h"
#include "shell/run.h"
#include "text.h"
#include "banned.h"

int
gate_pen(struct app *app, struct arena *a, const struct plan *p, struct err *e)
{
	struct err why = {0};

	if (p->verdict.level < LEVEL_CONFIRM || p->danger <= DANGER_READ ||
	    (p->verdict.guards & GUARD_READ_ONLY) || door_pen(app, 1, &why) == 0)
		return 0;
	if (why.code == ERR_REFUSED || why.code == ERR_CANCELLED) {
		*e = why;
		return -1;
	}
	/* No primary, or no slot free there: this act may be what mends it. */
	out_line(app, STYLE_DANGER, "others may act at the same time: %s",
	    text_inert(a, why.msg, strlen(why.msg), 0));
	return 0;
}
