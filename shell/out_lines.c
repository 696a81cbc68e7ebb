/*
 * Lines of our own making that may be more than a screen holds: through the pager where that is
 * wanted and there is one, else as out_line. Must never let a raw byte through.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "text.h"
#include "shell/app.h"
#include "shell/capture.h"
#include "shell/out.h"
#include "shell/out_inside.h"
#include "banned.h"

#define LINE_MAX_BYTES ((size_t)4 << 20)

struct out_lines {
	struct app *app;
	struct pager pager;
	int is_paged;
};

struct out_lines *
out_lines_begin(struct app *app, int pages)
{
	struct out_lines *l = calloc(1, sizeof(*l));

	if (l == NULL)
		abort();
	l->app = app;
	pager_none(&l->pager, app);
	out_progress_done(app);
	l->is_paged = pages && app->height > 0 && pager_start(&l->pager);
	return l;
}

void
out_lines_put(struct out_lines *l, enum style style, const char *text)
{
	struct arena *a;
	struct buf b;

	if (!l->is_paged) {
		out_line(l->app, style, "%s", text);
		return;
	}
	capture_text(l->app, text, strlen(text));
	a = arena_new();
	buf_init(&b, LINE_MAX_BYTES);
	buf_printf(&b, "%s%s%s\n", style_on(l->app, style), text_inert(a, text, strlen(text), 0),
	    style_off(l->app, style));
	pager_write(&l->pager, buf_str(&b), b.len);
	buf_free(&b);
	arena_free(a);
}

void
out_lines_end(struct out_lines *l)
{
	if (l->is_paged)
		pager_finish(&l->pager);
	free(l);
}
