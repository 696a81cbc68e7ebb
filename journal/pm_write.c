/*
 * One postmortem from beginning to end: read, order, draw together, write in the format asked for.
 * Also the finding of an incident's journals by its name.
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
	pm_merge(&pm);
	pm_rows(&pm);
	pm_plans(&pm);
	pm_facts(&pm);
	pm_metrics(&pm);
	pm_losses(&pm);
	pm_sections(&pm);
	formats[s->format].write(&pm, out);
	pm_free(&pm);
	return out->overflow
		   ? err_set(e, ERR_FAILED,
			 "the document is longer than %zu bytes; nothing was written", out->max)
		   : 0;
}

static int
is_name(const json_t *rec, const char *key, const char *incident)
{
	const char *s = pm_str(rec, key);

	return s != NULL && strcmp(s, incident) == 0;
}

/* A record about the incident, or made while it was open. */
static int
speaks_of(const struct record *rec, const char *incident)
{
	if (memmem(rec->line, rec->len, incident, strlen(incident)) == NULL)
		return 0;
	if (is_name(rec->json, "incident", incident))
		return 1;
	return strcmp(rec->type, "incident") == 0 &&
	       (is_name(rec->json, "name", incident) || is_name(rec->json, "id", incident));
}

static int
file_speaks_of(const char *file, const char *incident)
{
	struct journal_reader *r;
	struct record rec;
	int found = 0;

	if (journal_reader_open(file, &r, NULL) != 0)
		return 0;
	while (!found && journal_reader_next(r, &rec, NULL) == 1)
		found = speaks_of(&rec, incident);
	journal_reader_close(r);
	return found;
}

int
postmortem_find(struct arena *a, const char *const *dirs, size_t ndirs, const char *incident,
    const char ***files, size_t *n, struct err *e)
{
	struct journal_entry *list;
	size_t nlist, i;

	*files = NULL;
	*n = 0;
	if (journal_list(a, dirs, ndirs, &list, &nlist, e) != 0)
		return -1;
	for (i = nlist; i-- > 0;)
		if (file_speaks_of(list[i].file, incident)) {
			*files = arena_grow(a, *files, *n, sizeof(**files));
			(*files)[(*n)++] = list[i].file;
		}
	if (*n > 0)
		return 0;
	err_set(e, ERR_USAGE, "\"%s\" is no file, and no journal that can be read here names it",
	    incident);
	return err_hint(e, "journal list shows what is there.");
}
