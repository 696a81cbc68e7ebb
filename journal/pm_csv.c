/*
 * The whole timeline as CSV (RFC 4180, but LF), every record of it: routine ones too. No cell can
 * be taken for a formula.
 */
#include "arena.h"
#include "pm.h"
#include "banned.h"

/* "-12.345": a plain number. */
static const char *
seconds(struct pm *pm, int64_t us)
{
	int64_t ms = (us < 0 ? -us : us) / 1000;

	return arena_printf(
	    pm->a, "%s%lld.%03d", us < 0 ? "-" : "", (long long)(ms / 1000), (int)(ms % 1000));
}

void
pm_write_csv(struct pm *pm, struct buf *b)
{
	const struct pm_event *ev;
	size_t i;

	buf_puts(b,
	    "time_utc,time_local,since_start_s,host,node,role,who,kind,routine,what,session,"
	    "record,sha256\n");
	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		buf_printf(b, "\"%s\",%s,%s,%s,%s,", pm_utc(pm, ev->us),
		    pm_csv(pm, pm_local(pm, ev)), seconds(pm, ev->us - pm->start->us),
		    pm_csv(pm, ev->source->host), pm_csv(pm, ev->node));
		buf_printf(b, "%s,%s,\"%s\",\"%s\",%s,", pm_csv(pm, ev->role), pm_csv(pm, ev->who),
		    pm_kind_name(ev->kind), ev->is_routine ? "yes" : "no", pm_csv(pm, ev->what));
		buf_printf(b, "%s,%llu,\"%s\"\n", pm_csv(pm, ev->source->session),
		    (unsigned long long)ev->seq, ev->leaf);
	}
}
