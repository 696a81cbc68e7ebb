/*
 * Which background jobs journals leave paused: what was last asked of each, over all files that can
 * be read, in the order of time. A pause or resume whose end was never written is said to be
 * uncertain; never guessed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "line.h"
#include "writer.h"
#include "banned.h"

struct change {
	struct job_pause job;
	const char *t, *key; /* of session, plan and step */
	int is_resume, has_end, ok;
};

struct past {
	struct arena *a;
	struct change *list;
	size_t n;
};

static const char *
key_of(struct past *p, const struct journal_entry *entry, const json_t *json)
{
	char *key = begun_key(json);
	const char *out = arena_printf(p->a, "%s %s", entry->session, key);

	free(key);
	return out;
}

static void
began(struct past *p, const struct journal_entry *entry, const struct jhead *h, const json_t *json)
{
	const char *proc = json_text_of(json, "proc");
	struct change *c;

	if (strcmp(proc, JOB_PAUSE) != 0 && strcmp(proc, JOB_RESUME) != 0)
		return;
	p->list = arena_grow(p->a, p->list, p->n, sizeof(*p->list));
	c = &p->list[p->n++];
	*c = (struct change){.is_resume = strcmp(proc, JOB_RESUME) == 0};
	c->t = arena_strndup(p->a, h->t, JLINE_T_CHARS);
	c->key = key_of(p, entry, json);
	c->job = (struct job_pause){
	    .job = arena_strdup(p->a, json_text_of(json_object_get(json, "args"), "job")),
	    .host = arena_strdup(p->a, json_text_of(json, "node")),
	    .since = c->t,
	    .plan = arena_strdup(p->a, json_text_of(json, "plan")),
	    .person = arena_strdup(p->a, entry->person),
	    .journal = arena_strdup(p->a, entry->session)};
}

static void
ended(struct past *p, const struct journal_entry *entry, const json_t *json)
{
	const char *key;
	size_t i;

	if (json_is_true(json_object_get(json, "unknown")))
		return;
	key = key_of(p, entry, json);
	for (i = p->n; i-- > 0;)
		if (strcmp(p->list[i].key, key) == 0) {
			p->list[i].has_end = 1;
			p->list[i].ok = !json_is_false(json_object_get(json, "ok"));
			return;
		}
}

/* A cheap look first: few lines are about jobs, and files grow long. */
static void
gather(struct past *p, const struct journal_entry *entry)
{
	static const char mark[] = "\":\"job-";
	const char *line, *why;
	struct jhead head;
	struct jscan s;
	json_t *json;
	off_t size;
	size_t len;
	int is_live, fd = jfile_open(entry->file, &size, &is_live, NULL);

	if (fd < 0)
		return;
	jscan_init(&s, fd, size);
	while (jscan_next(&s, &line, &len) == JSCAN_LINE) {
		if (memmem(line, len, mark, sizeof(mark) - 1) == NULL)
			continue;
		if (jline_head(line, len, &head) != 0 ||
		    (json = jline_parse(line, len, &why)) == NULL)
			break;
		if (jline_is_type(&head, "begin"))
			began(p, entry, &head, json);
		else if (jline_is_type(&head, "outcome"))
			ended(p, entry, json);
		json_decref(json);
	}
	jscan_free(&s);
	close(fd);
}

/* What is later decides; what failed changed nothing, what has no end may have. */
static void
settle(struct past *p, const struct change *c, struct arena *a, struct job_pause **out, size_t *n)
{
	struct job_pause *j = NULL;
	size_t i;

	(void)p;
	for (i = 0; i < *n; i++)
		if (strcmp((*out)[i].job, c->job.job) == 0)
			j = &(*out)[i];
	if (c->has_end && !c->ok)
		return;
	if (c->is_resume) {
		if (j == NULL)
			return;
		if (!c->has_end)
			j->is_certain = 0;
		else
			*j = (*out)[--*n];
		return;
	}
	if (j == NULL) {
		*out = arena_grow(a, *out, *n, sizeof(**out));
		j = &(*out)[(*n)++];
	}
	*j = (struct job_pause){.job = arena_strdup(a, c->job.job),
	    .host = arena_strdup(a, c->job.host),
	    .since = arena_strdup(a, c->job.since),
	    .plan = arena_strdup(a, c->job.plan),
	    .person = arena_strdup(a, c->job.person),
	    .journal = arena_strdup(a, c->job.journal),
	    .is_certain = c->has_end};
}

static int
by_time(const void *x, const void *y)
{
	return strcmp(((const struct change *)x)->t, ((const struct change *)y)->t);
}

int
journal_jobs(struct arena *a, const char *const *dirs, size_t ndirs, struct job_pause **out,
    size_t *n, struct err *e)
{
	struct past p = {.a = arena_new()};
	struct journal_entry *list;
	size_t nlist, i;
	int rc = journal_list(p.a, dirs, ndirs, &list, &nlist, e);

	*out = NULL;
	*n = 0;
	for (i = nlist; rc == 0 && i-- > 0;)
		gather(&p, &list[i]);
	if (p.n > 0)
		qsort(p.list, p.n, sizeof(*p.list), by_time);
	for (i = 0; i < p.n; i++)
		settle(&p, &p.list[i], a, out, n);
	arena_free(p.a);
	return rc;
}
