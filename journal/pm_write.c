/*
 * One postmortem from beginning to end: read, order, draw together, write in the format asked for.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

static const struct {
	const char *name;
	void (*write)(struct pm *pm, struct buf *b);
} formats[] = {
    [POSTMORTEM_MD] = {"md", pm_write_md},
    [POSTMORTEM_JSON] = {"json", pm_write_json},
    [POSTMORTEM_CSV] = {"csv", pm_write_csv},
    [POSTMORTEM_HTML] = {"html", pm_write_html},
    [POSTMORTEM_NOTES] = {"notes", pm_write_notes},
};

int
postmortem_format_parse(const char *name)
{
	int i;

	for (i = 0; i < (int)(sizeof(formats) / sizeof(formats[0])); i++)
		if (strcmp(formats[i].name, name) == 0)
			return i;
	return -1;
}

int
postmortem_write(struct arena *a, const struct postmortem_setup *s, struct buf *out, struct err *e)
{
	struct pm pm = {.a = a, .setup = s};

	if (pm_load(&pm, e) != 0) {
		pm_free(&pm);
		return -1;
	}
	pm_rows(&pm);
	pm_plans(&pm);
	pm_facts(&pm);
	pm_metrics(&pm);
	pm_losses(&pm);
	pm_systems(&pm);
	pm_estimates(&pm);
	pm_sections(&pm);
	pm_suggest(&pm);
	formats[s->format].write(&pm, out);
	pm_free(&pm);
	return out->overflow
		   ? err_set(e, ERR_FAILED,
			 "the document is longer than %zu bytes; nothing was written", out->max)
		   : 0;
}
