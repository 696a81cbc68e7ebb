/*
 * What the writer keeps in memory until the disk has it: the lines themselves, and which begins
 * are still open. Must never drop a line that was added and is not durable.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "line.h"
#include "writer.h"
#include "banned.h"

/* Room for the fixed start and for a signature, so that a line that fits here fits the file. */
#define LINE_RESERVE ((size_t)1024)

static int
check_body(const char *type, json_t *body, struct err *e)
{
	static const char *const reserved[] = {"prev", "seq", "t", "boot", "type"};
	size_t i;

	if (!jline_is_known_type(type))
		return err_set(
		    e, ERR_FAILED, "could not write a journal record of type %s: unknown", type);
	if (!json_is_object(body) || !jline_is_storable(body, 1))
		return err_set(e, ERR_FAILED,
		    "could not write the %s record: a value the journal cannot hold", type);
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (json_object_get(body, reserved[i]) != NULL)
			return err_set(e, ERR_FAILED,
			    "could not write the %s record: the name %s is the journal's own", type,
			    reserved[i]);
	if (json_object_get(body, "sig") != NULL && !jline_is_statement_type(type))
		return err_set(
		    e, ERR_FAILED, "could not write the %s record: sig is the session's own", type);
	return 0;
}

/* The members of the body, ASCII only, DEL escaped too. Steals nothing. */
static int
add_members(struct buf *b, const json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII), *p, *del;
	size_t n;

	if (text == NULL)
		return -1;
	n = strlen(text);
	if (n > 2) {
		text[n - 1] = '\0';
		buf_puts(b, ",");
		for (p = text + 1; (del = strchr(p, 0x7f)) != NULL; p = del + 1) {
			buf_add(b, p, (size_t)(del - p));
			buf_puts(b, "\\u007f");
		}
		buf_puts(b, p);
	}
	free(text);
	return 0;
}

void
record_set(struct added *r, const char *type, json_t *body)
{
	r->type = type;
	r->body = body;
	r->boot = jtime_boot();
	jtime_now(r->t);
}

const char *
record_lazy(const char *type)
{
	static const char *const types[] = {"input", "output", "screen"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return types[i];
	return NULL;
}

struct pending *
pending_make(const struct added *r, struct err *e)
{
	const char *type = r->type;
	json_t *body = r->body;
	struct pending *p = NULL;
	struct buf b;

	if (check_body(type, body, e) != 0) {
		json_decref(body);
		return NULL;
	}
	buf_init(&b, JOURNAL_LINE_MAX - LINE_RESERVE);
	buf_printf(
	    &b, "\"t\":\"%s\",\"boot\":\"%lld\",\"type\":\"%s\"", r->t, (long long)r->boot, type);
	if (add_members(&b, body) != 0) {
		err_set(e, ERR_FAILED, "could not write the %s record: not valid UTF-8", type);
	} else if (b.overflow) {
		err_set(e, ERR_FAILED,
		    "could not write the %s record: it is longer than the %d bytes a record may "
		    "have",
		    type, JOURNAL_LINE_MAX);
	} else {
		p = calloc(1, sizeof(*p));
		if (p == NULL)
			abort();
		p->len = b.len;
		p->rest = b.data;
		p->is_signed = jline_is_signed_type(type);
		p->is_ahead = strcmp(type, "begin") == 0 || strcmp(type, "intent") == 0;
		p->is_lazy = record_lazy(type) != NULL;
		b.data = NULL;
	}
	buf_free(&b);
	json_decref(body);
	return p;
}

void
pending_keep(struct journal *j, struct pending *p)
{
	p->next = NULL;
	if (j->last == NULL)
		j->first = p;
	else
		j->last->next = p;
	j->last = p;
	j->kept += p->len;
}

void
pending_free(struct pending *p)
{
	if (p == NULL)
		return;
	free(p->rest);
	free(p);
}

void
pending_clear(struct journal *j)
{
	struct pending *p, *next;

	for (p = j->first; p != NULL; p = next) {
		next = p->next;
		pending_free(p);
	}
	j->first = j->last = NULL;
	j->kept = 0;
}

void
pending_drop_ahead(struct journal *j)
{
	struct pending *p = j->first, *next;
	size_t i, n = 0;

	j->first = j->last = NULL;
	j->kept = 0;
	for (; p != NULL; p = next) {
		next = p->next;
		if (p->is_ahead) {
			pending_free(p);
			j->lost++;
		} else {
			pending_keep(j, p);
		}
	}
	for (i = 0; i < j->nbegun; i++) {
		if (j->begun[i].is_durable)
			j->begun[n++] = j->begun[i];
		else
			free(j->begun[i].key);
	}
	j->nbegun = n;
}

char *
begun_key(const json_t *body)
{
	json_t *pair =
	    json_pack("[O?,O?]", json_object_get(body, "plan"), json_object_get(body, "step"));
	char *key = json_dumps(pair, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(pair);
	if (key == NULL)
		abort();
	return key;
}

void
begun_note(struct journal *j, const char *type, const json_t *body)
{
	char *key;
	size_t i;

	if (strcmp(type, "begin") == 0) {
		j->begun = realloc(j->begun, (j->nbegun + 1) * sizeof(*j->begun));
		if (j->begun == NULL)
			abort();
		j->begun[j->nbegun++] = (struct begun){.key = begun_key(body)};
		return;
	}
	if (strcmp(type, "outcome") != 0)
		return;
	key = begun_key(body);
	for (i = 0; i < j->nbegun; i++)
		if (!j->begun[i].has_outcome && strcmp(j->begun[i].key, key) == 0) {
			j->begun[i].has_outcome = 1;
			break;
		}
	free(key);
}

void
begun_durable(struct journal *j)
{
	size_t i, n = 0;

	for (i = 0; i < j->nbegun; i++) {
		if (j->begun[i].has_outcome) {
			free(j->begun[i].key);
			continue;
		}
		j->begun[n] = j->begun[i];
		j->begun[n++].is_durable = 1;
	}
	j->nbegun = n;
}

json_t *
begun_list(const struct journal *j)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < j->nbegun; i++)
		if (j->begun[i].is_durable)
			json_array_append_new(list, json_loads(j->begun[i].key, 0, NULL));
	return list;
}
