/*
 * A plan as bytes, and back: see plan.h. The bytes are what is signed, so there is exactly one
 * encoding of a plan, and what does not encode to itself is not decoded. Must never repair.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "plan.h"
#include "plan_table.h"
#include "banned.h"

/* The nuls of NULL lists and texts are fine; spans, texts and timeouts must make sense. */
static int
check_step(const struct step *s, struct err *e)
{
	size_t i;

	if (s->timeout_ms <= 0)
		return err_set(e, ERR_FAILED, "it has no timeout");
	if (s->node == NULL || s->node[0] == '\0')
		return err_set(e, ERR_FAILED, "it names no node");
	if ((s->type == STEP_PROC) != (s->proc != NULL))
		return err_set(e, ERR_FAILED, "a procedure and its name do not go together");
	if ((s->type == STEP_PROC) != (s->ntexts == 0))
		return err_set(e, ERR_FAILED, "it must have texts, or be a procedure");
	for (i = 0; i < s->nchecks; i++)
		if ((s->checks[i].value == NULL) == (s->checks[i].name == NULL))
			return err_set(e, ERR_FAILED,
			    "check %zu must compare with a value or with a kept result", i + 1);
	return 0;
}

static int
check_plan(const struct plan *p, struct err *e)
{
	const struct statement *s;
	size_t i;

	if (!id_is_valid(p->id))
		return err_set(e, ERR_FAILED, "the plan has no valid id");
	for (i = 0; i < p->nstatements; i++) {
		s = &p->statements[i];
		if (s->from > p->text_len || s->len > p->text_len - s->from)
			return err_set(
			    e, ERR_FAILED, "statement %zu lies outside of the text", i + 1);
		if (s->nactions == 0)
			return err_set(e, ERR_FAILED, "statement %zu has no action", i + 1);
	}
	for (i = 0; i < p->nsteps; i++)
		if (check_step(&p->steps[i], e) != 0)
			return err_wrap(e, "step %zu", i + 1);
	for (i = 1; i < p->nworld; i++)
		if (strcmp(p->world[i - 1].name, p->world[i].name) >= 0)
			return err_set(e, ERR_FAILED, "the facts of the world are not sorted");
	return 0;
}

char *
plan_encode(struct arena *a, const struct plan *p, size_t *len, struct err *e)
{
	json_t *j;
	char *out;

	if (check_plan(p, e) != 0) {
		err_wrap(e, "could not encode the plan");
		return NULL;
	}
	j = shape_encode(&plan_shape, p, e);
	if (j == NULL) {
		err_wrap(e, "could not encode the plan");
		return NULL;
	}
	out = shape_dump(a, j, len);
	json_decref(j);
	if (*len <= PLAN_MAX_BYTES)
		return out;
	err_set(e, ERR_REFUSED, "could not encode the plan: it is longer than %d bytes",
	    PLAN_MAX_BYTES);
	return NULL;
}

struct plan *
plan_decode(struct arena *a, const char *json, size_t len, struct err *e)
{
	struct plan *p = arena_alloc(a, sizeof(*p));
	json_t *j = shape_parse(json, len, PLAN_MAX_BYTES, e);
	size_t again_len;
	char *again;
	int rc;

	rc = j == NULL ? -1 : shape_decode(a, &plan_shape, j, p, e);
	json_decref(j);
	if (rc != 0 || check_plan(p, e) != 0) {
		err_wrap(e, "could not read the plan");
		return NULL;
	}
	again = plan_encode(a, p, &again_len, e);
	if (again == NULL || again_len != len || memcmp(again, json, len) != 0) {
		err_set(e, ERR_FAILED, "could not read the plan: it is not in its canonical form");
		return NULL;
	}
	if (plan_digest(a, p, e) != 0)
		return NULL;
	return p;
}

int
plan_digest(struct arena *a, struct plan *p, struct err *e)
{
	static const char prefix[] = "holdfast-plan-v1";
	uint8_t digest[SHA256_BYTES];
	size_t len;
	char *json = plan_encode(a, p, &len, e);

	if (json == NULL)
		return -1;
	sha256(prefix, sizeof(prefix), json, len, digest);
	hex_encode(digest, sizeof(digest), p->digest);
	return 0;
}

static void
add_hex(struct buf *b, const char *s)
{
	if (s == NULL)
		buf_puts(b, " -");
	else
		buf_puts(b, " ");
	for (; s != NULL && *s != '\0'; s++)
		buf_printf(b, "%02x", (unsigned char)*s);
}

void
plan_objects_digest(const struct plan *p, char out[SHA256_HEX])
{
	static const char prefix[] = "holdfast-objects-v1";
	uint8_t digest[SHA256_BYTES];
	const struct object *o;
	struct buf b;
	size_t i, k, n;

	buf_init(&b, SIZE_MAX / 4);
	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++)
			for (n = 0; n < p->statements[i].actions[k].nobjects; n++) {
				o = &p->statements[i].actions[k].objects[n];
				buf_puts(&b, o->type);
				add_hex(&b, o->schema);
				add_hex(&b, o->name);
				buf_printf(&b, " %u %u\n", o->oid, o->relfilenode);
			}
	sha256(prefix, sizeof(prefix), buf_str(&b), b.len, digest);
	hex_encode(digest, sizeof(digest), out);
	buf_free(&b);
}
