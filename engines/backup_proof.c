/*
 * The record of the last drill of a method, a file beside its backups: the proof that it restores,
 * and how long that took.
 */
#include <jansson.h>
#include <string.h>

#include "arena.h"
#include "engines/backups.h"
#include "banned.h"

static const char *
path_of(struct arena *a, const struct backup_config *b)
{
	return arena_printf(a, "%s/.holdfast-drill-%s.json", b->proofs, b->name);
}

static const char *
word(struct arena *a, const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s == NULL ? "" : arena_strdup(a, s);
}

void
backup_proof_read(struct arena *a, const struct backup_config *b, struct backup_proof *out)
{
	json_t *o = json_load_file(path_of(a, b), JSON_REJECT_DUPLICATES, NULL);

	memset(out, 0, sizeof(*out));
	out->item = word(a, o, "item");
	out->note = word(a, o, "note");
	out->at = json_integer_value(json_object_get(o, "at"));
	out->ms = json_integer_value(json_object_get(o, "ms"));
	out->rows = json_integer_value(json_object_get(o, "rows"));
	out->tables = json_integer_value(json_object_get(o, "tables"));
	out->ok = json_is_true(json_object_get(o, "ok"));
	json_decref(o);
}

int
backup_proof_write(
    struct arena *a, const struct backup_config *b, const struct backup_proof *p, struct err *e)
{
	const char *path = path_of(a, b);
	json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "item", p->item, "note",
	    p->note == NULL ? "" : p->note, "at", (json_int_t)p->at, "ms", (json_int_t)p->ms,
	    "rows", (json_int_t)p->rows, "tables", (json_int_t)p->tables, "ok", p->ok);
	int rc = o == NULL ? -1 : json_dump_file(o, path, JSON_SORT_KEYS);

	json_decref(o);
	return rc == 0
		   ? 0
		   : err_set(e, ERR_FAILED, "the drill's record could not be written to %s", path);
}
