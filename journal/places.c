/*
 * What each directory holds: a copy off the host is worth what it has, and a session that one
 * place has and the other has not is said by name.
 */
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "places.h"
#include "text.h"
#include "banned.h"

static int
is_in(const char *file, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(file, dir, n) == 0 && file[n] == '/' && strchr(file + n + 1, '/') == NULL;
}

static const char *
base(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? file : slash + 1;
}

/* The fullest file of that session and part in the directory; NULL none. */
static const struct verify_item *
same_in(const struct verify_result *r, const char *dir, const struct verify_report *of)
{
	const struct verify_item *best = NULL, *x;
	size_t i;

	for (i = 0; i < r->n; i++) {
		x = &r->items[i];
		if (x->report.session == NULL || x->report.part != of->part ||
		    strcmp(x->report.session, of->session) != 0 || !is_in(x->file, dir))
			continue;
		if (best == NULL || x->report.records > best->report.records)
			best = x;
	}
	return best;
}

static void
lacks(struct arena *a, struct verify_place *p, const char *sentence)
{
	p->lacks = arena_grow(a, p->lacks, p->nlacks, sizeof(*p->lacks));
	p->lacks[p->nlacks++] = text_inert(a, sentence, strlen(sentence), 0);
}

static void
compare(struct arena *a, const struct verify_result *r, struct verify_place *p)
{
	const struct verify_item *x, *own;
	size_t i;

	for (i = 0; i < r->n; i++) {
		x = &r->items[i];
		if (x->report.session == NULL || is_in(x->file, p->dir))
			continue;
		own = same_in(r, p->dir, &x->report);
		if (own == NULL)
			lacks(a, p, arena_printf(a, "has not %s", base(x->file)));
		else if (own->report.records < x->report.records)
			lacks(a, p,
			    arena_printf(a, "has %llu of the %llu records of %s",
				(unsigned long long)own->report.records,
				(unsigned long long)x->report.records, base(x->file)));
	}
}

void
places_fill(struct arena *a, const char *const *paths, size_t npaths, struct verify_result *out)
{
	struct verify_place *p;
	struct stat st;
	size_t i, k;

	out->places = arena_array(a, npaths + 1, sizeof(*out->places));
	for (i = 0; i < npaths; i++) {
		if (stat(paths[i], &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		p = &out->places[out->nplaces++];
		*p = (struct verify_place){.dir = paths[i]};
		for (k = 0; k < out->n; k++)
			if (is_in(out->items[k].file, p->dir)) {
				p->files++;
				p->records += out->items[k].report.records;
				p->sealed += out->items[k].report.code == VERIFY_SEALED ||
					     out->items[k].report.code == VERIFY_UNTRUSTED;
			}
	}
	for (i = 0; out->nplaces > 1 && i < out->nplaces; i++)
		compare(a, out, &out->places[i]);
}
