/*
 * What the operator wants to do, durable before anything is asked: with what judged it, and how old
 * the backups were then.
 */
#include <string.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/gate.h"
#include "banned.h"

static json_t *
reasons(const struct plan *p)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < p->verdict.nreasons; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:o}", "rule", p->verdict.reasons[i].rule, "sentence",
			      journal_text(p->verdict.reasons[i].sentence,
				  strlen(p->verdict.reasons[i].sentence))));
	return list;
}

static json_t *
backups(const struct plan *p)
{
	const struct backup_age *b;
	json_t *list = json_array(), *o;
	size_t i;

	for (i = 0; i < p->nbackups; i++) {
		b = &p->backups[i];
		o = json_pack("{s:o, s:o}", "name", journal_text(b->name, strlen(b->name)),
		    "newest", journal_text(b->newest, strlen(b->newest)));
		if (b->made > 0)
			json_object_set_new(o, "made", json_integer(b->made));
		if (b->proved > 0) {
			json_object_set_new(o, "proved", json_integer(b->proved));
			json_object_set_new(o, "ok", json_boolean(b->is_proved));
		}
		json_array_append_new(list, o);
	}
	return list;
}

int
gate_intent(struct app *app, struct arena *a, const struct plan *p, struct err *e)
{
	const char *kinds, *objects;
	struct plan whole = *p;
	json_t *o, *plan;
	char *json;
	size_t len;

	if (app->journal == NULL || p->danger == DANGER_READ)
		return 0;
	searching_fingerprint(a, p, &kinds, &objects);
	o = json_pack("{s:s, s:o, s:s, s:s, s:o, s:o, s:o}", "plan", p->id, "text",
	    journal_text(p->text, p->text_len), "danger", danger_name(p->danger), "level",
	    level_name(p->verdict.level), "reasons", reasons(p), "kinds",
	    journal_text(kinds, strlen(kinds)), "objects", journal_text(objects, strlen(objects)));
	if (p->nbackups > 0)
		json_object_set_new(o, "backups", backups(p));
	if (journal_put(app->journal, "intent", o, e) != 0)
		return -1;
	/* What `undo` may be asked for. */
	if (p->verdict.level != LEVEL_APPROVE && p->back != BACK_COPY)
		return 0;
	if ((whole.digest[0] == '\0' && plan_digest(a, &whole, e) != 0) ||
	    (json = plan_encode(a, p, &len, e)) == NULL ||
	    (plan = json_loadb(json, len, 0, NULL)) == NULL)
		return err_wrap(e, "the plan could not be written down");
	return journal_put(app->journal, "plan",
	    json_pack("{s:s, s:o, s:s}", "id", p->id, "plan", plan, "digest", whole.digest), e);
}
