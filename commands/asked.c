/*
 * Requests as commands find them: see asked.h. Must never show a request as more than its
 * signatures say it is.
 */
#include <string.h>
#include <time.h>

#include "arena.h"
#include "commands/asked.h"
#include "text.h"
#include "banned.h"

/* Expired ones and those of closed sessions stay listed this long. */
#define FORGET_S 3600

static void
judge(struct context *c, struct asked *x, int64_t now)
{
	struct store_item *items = NULL;
	struct verified *v;
	struct trusted *t;
	size_t n = 0, nt, nbad, i;
	const char *person;
	struct err why = {0};

	if (trust_request(c->arena, c->operators, &x->request, now, &person, &why) == -1)
		x->doubt = arena_strdup(c->arena, why.msg);
	if (c->store->ops->answers(c->store, c->arena, x->request.id, &items, &n, &why) == -1)
		n = 0;
	trust_answers(c->arena, c->operators, &x->request, items, n, now, &t, &nt, &nbad, &x->bad);
	v = arena_array(c->arena, nt + 1, sizeof(*v));
	for (i = 0; i < nt; i++)
		v[i] = t[i].verified;
	x->state = request_judge(c->arena, &x->request, v, nt, c->operators, now, &x->sentence);
	if (c->store->ops->is_claimed(c->store, x->request.id))
		x->state = REQUEST_CONSUMED;
	if ((x->state == REQUEST_OPEN || x->state == REQUEST_APPROVED) &&
	    !c->store->ops->is_alive(c->store, x->request.id)) {
		x->state = REQUEST_DEAD;
		x->sentence = "its session ended: it cannot run";
	}
}

static int
read_item(struct context *c, const struct store_item *item, struct asked *x, struct err *e)
{
	if (request_decode(c->arena, item->data, item->len, &x->request, e) == -1)
		return err_wrap(e, "file %s", item->name);
	if (strcmp(x->request.id, item->id) != 0)
		return err_set(
		    e, ERR_FAILED, "file %s holds request %s", item->name, x->request.id);
	x->owner = item->owner;
	return 0;
}

int
asked_list(
    struct context *c, struct asked **out, size_t *n, size_t *nbad, const char **bad, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	struct store_item *items;
	struct err why = {0};
	size_t count, i;

	if (c->store->ops->list(c->store, c->arena, &items, &count, nbad, bad, e) == -1)
		return -1;
	*out = arena_array(c->arena, count + 1, sizeof(**out));
	*n = 0;
	for (i = 0; i < count; i++) {
		memset(&(*out)[*n], 0, sizeof(**out));
		if (read_item(c, &items[i], &(*out)[*n], &why) == -1) {
			if ((*nbad)++ == 0)
				*bad = arena_strdup(c->arena, why.msg);
			continue;
		}
		if (now > rfc3339_parse((*out)[*n].request.expires) + FORGET_S)
			continue;
		judge(c, &(*out)[*n], now);
		(*n)++;
	}
	return 0;
}

static int
is_waiting(const struct asked *x)
{
	return x->state == REQUEST_OPEN;
}

/* The one the word names, or the only one that waits. */
static int
pick(struct asked *all, size_t n, const char *word, struct asked **out, struct err *e)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		if (word == NULL ? !is_waiting(&all[i])
				 : strncmp(all[i].request.id, word, strlen(word)) != 0)
			continue;
		*out = &all[i];
		found++;
	}
	if (found == 1)
		return 0;
	if (word == NULL && found == 0)
		return err_set(e, ERR_APPROVAL, "no request waits for an answer");
	if (word == NULL)
		err_set(e, ERR_USAGE, "%zu requests wait for an answer: name one", found);
	else if (found > 1)
		err_set(e, ERR_USAGE, "\"%s\" is the beginning of %zu requests", word, found);
	else
		err_set(e, ERR_APPROVAL,
		    "there is no request \"%s\": it was withdrawn, or never filed here", word);
	return err_hint(e, "requests lists them.");
}

int
asked_screen(struct context *c, const char *word, struct result *r, struct err *e)
{
	struct asked *all, *x = NULL;
	const char *bad;
	size_t n, nbad;

	r->kind = RETURNS_SCREEN;
	r->screen.kind = SCREEN_REVIEW;
	r->screen.is_paste = c->store == NULL || (word != NULL && strcmp(word, "-") == 0);
	if (r->screen.is_paste && word != NULL && strcmp(word, "-") != 0) {
		err_set(e, ERR_CONFIG, "there is no request store here to look for %s in", word);
		return err_hint(e, "Use - and paste the request.");
	}
	if (r->screen.is_paste)
		return 0;
	if (word != NULL &&
	    (word[0] == '\0' || strspn(word, "abcdefghijklmnopqrstuvwxyz234567") != strlen(word)))
		return err_set(e, ERR_USAGE, "an id has letters a-z and digits 2-7 only");
	if (asked_list(c, &all, &n, &nbad, &bad, e) == -1 || pick(all, n, word, &x, e) == -1)
		return -1;
	r->screen.argument = x->request.id;
	r->screen.request = &x->request;
	return 0;
}
