/*
 * The page's smaller tables: the servers, what long steps said was left, and how it was made.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "banned.h"

static void
write_systems(struct pm *pm, struct buf *b)
{
	const struct pm_system *s;
	size_t i;

	buf_puts(b,
	    "<h2 id=\"h-systems\">Systems</h2>\n<div class=\"card scroll\"><table "
	    "id=\"systems\"><thead><tr><th>"
	    "Server</th><th>Role</th><th>Version</th><th>Identity</th><th>First seen</th></tr>"
	    "</thead><tbody>\n");
	for (i = 0; i < pm->nsystems; i++) {
		s = &pm->systems[i];
		buf_printf(b,
		    "<tr><td><b>%s</b></td><td>%s%s%s</td><td>%s</td><td class=\"mono\">%s</td><td "
		    "class=\"e\">%s</td></tr>\n",
		    pm_html(pm, s->name), pm_html(pm, s->role),
		    strcmp(s->role, s->role_last) == 0 ? "" : ", at the end ",
		    strcmp(s->role, s->role_last) == 0 ? "" : pm_html(pm, s->role_last),
		    s->version[0] == '\0' ? "TODO" : pm_html(pm, s->version),
		    pm_html(pm, s->identity), pm_html_ref(pm, s->seen));
	}
	buf_puts(b, "</tbody></table></div>\n");
}

static void
write_estimates(struct pm *pm, struct buf *b)
{
	const struct pm_estimate *x;
	size_t i;

	if (pm->nestimates == 0)
		return;
	buf_puts(b, "<h2 id=\"h-estimates\">What long steps said was left</h2>\n<div class=\"card "
		    "scroll\"><table "
		    "id=\"estimates\"><thead><tr><th>Plan</th><th>Told at</th><th>Said</th><th>In "
		    "fact</th><th>Evidence</th></tr></thead><tbody>\n");
	for (i = 0; i < pm->nestimates; i++) {
		x = &pm->estimates[i];
		buf_printf(b,
		    "<tr><td class=\"mono\">%.8s</td><td class=\"t\">%s</td><td>%s</td><td>%s</td>"
		    "<td class=\"e\">%s %s</td></tr>\n",
		    pm_html(pm, x->plan->id), pm_utc(pm, x->told->us), pm_html(pm, x->left),
		    x->end == NULL ? "it did not end here"
				   : pm_duration(pm, x->end->us - x->told->us),
		    pm_html_ref(pm, x->told), pm_html_ref(pm, x->end));
	}
	buf_puts(b, "</tbody></table></div>\n");
}

void
pm_html_more(struct pm *pm, struct buf *b)
{
	write_estimates(pm, b);
	write_systems(pm, b);
}

void
pm_html_made(struct pm *pm, struct buf *b)
{
	const struct pm_source *s;
	size_t i;

	buf_puts(b,
	    "<h2 id=\"h-made\">How this was made</h2>\n<div class=\"card scroll\"><table "
	    "id=\"made\"><thead>"
	    "<tr><th>Session</th><th>Program</th><th>Rules that judged</th><th>Secrets taken "
	    "out</th></tr></thead><tbody>\n");
	for (i = 0; i < pm->nsources; i++) {
		s = &pm->sources[i];
		buf_printf(b,
		    "<tr><td class=\"mono\">%s</td><td>%s</td><td class=\"mono\">%s</td><td "
		    "class=\"r\">%llu</td></tr>\n",
		    s->label, pm_html(pm, s->tool), pm_word(s->policy),
		    (unsigned long long)s->redacted);
	}
	buf_puts(b, "</tbody></table>\n<dl class=\"words\">\n");
	for (i = 0; pm_glossary[i].word != NULL; i++)
		buf_printf(
		    b, "<dt>%s</dt><dd>%s</dd>\n", pm_glossary[i].word, pm_glossary[i].means);
	buf_puts(b, "</dl></div>\n");
}
