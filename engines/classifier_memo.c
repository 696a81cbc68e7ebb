/*
 * Short texts judged just now: see classifier_memo.h. Holds the child's answer as bytes, so that
 * what it gives out lives in the asker's arena. Must never answer for other bytes than those it was
 * given.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/classifier_memo.h"
#include "engines/classifier_wire.h"
#include "banned.h"

#define ENTRIES 16
#define TEXT_MAX ((size_t)4096)

struct entry {
	char *text; /* owned; NULL empty */
	size_t len;
	struct lexical lx;
	struct buf answer;
};

struct memo {
	struct entry entries[ENTRIES];
	size_t next;
};

struct memo *
memo_new(void)
{
	struct memo *m = calloc(1, sizeof(*m));
	size_t i;

	if (m == NULL)
		abort();
	for (i = 0; i < ENTRIES; i++)
		buf_init(&m->entries[i].answer, TEXT_MAX * 16);
	return m;
}

void
memo_free(struct memo *m)
{
	size_t i;

	for (i = 0; m != NULL && i < ENTRIES; i++) {
		free(m->entries[i].text);
		buf_free(&m->entries[i].answer);
	}
	free(m);
}

int
memo_get(struct memo *m, const char *text, size_t len, const struct lexical *lx, struct arena *a,
    struct script *out)
{
	const struct entry *en;
	const char *p, *end;
	size_t i, k;

	for (i = 0; i < ENTRIES; i++) {
		en = &m->entries[i];
		if (en->text == NULL || en->len != len || memcmp(en->text, text, len) != 0 ||
		    en->lx.version != lx->version ||
		    en->lx.standard_conforming_strings != lx->standard_conforming_strings ||
		    en->lx.mode != lx->mode || en->lx.engine != lx->engine)
			continue;
		p = buf_str(&en->answer);
		end = p + en->answer.len;
		for (k = 0; k < out->nstatements; k++)
			if (wire_get(a, &p, end, &out->statements[k]) != 0)
				return 0;
		return p == end;
	}
	return 0;
}

void
memo_put(
    struct memo *m, const char *text, size_t len, const struct lexical *lx, const struct script *s)
{
	struct entry *en = &m->entries[m->next];
	size_t i;

	if (len == 0 || len > TEXT_MAX)
		return;
	m->next = (m->next + 1) % ENTRIES;
	free(en->text);
	en->text = malloc(len);
	if (en->text == NULL)
		abort();
	memcpy(en->text, text, len);
	en->len = len;
	en->lx = *lx;
	buf_reset(&en->answer);
	for (i = 0; i < s->nstatements; i++)
		wire_put(&en->answer, &s->statements[i]);
	if (!en->answer.overflow)
		return;
	free(en->text);
	en->text = NULL;
}
