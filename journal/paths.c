/*
 * Several journals together: what no file shows alone. A session with two histories, and a
 * predecessor that is not what its successor saw when it began.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "places.h"
#include "seen.h"
#include "text.h"
#include "banned.h"

struct pile {
	struct arena *a;
	struct verify_item *items;
	size_t n;
};

static void
add(struct pile *p, const char *file, const struct operators *operators)
{
	struct verify_item item = {.file = file};

	journal_verify(p->a, file, operators, &item.report, NULL);
	p->items = arena_grow(p->a, p->items, p->n, sizeof(item));
	p->items[p->n++] = item;
}

static int
add_path(struct pile *p, const char *path, const struct operators *operators, struct err *e)
{
	struct journal_entry *list;
	struct stat st;
	size_t n, i;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		add(p, path, operators);
		return 0;
	}
	if (journal_list(p->a, &path, 1, &list, &n, e) != 0)
		return -1;
	for (i = n; i-- > 0;)
		add(p, list[i].file, operators);
	return 0;
}

static void
tampered(struct pile *p, struct verify_item *item, const char *sentence)
{
	item->report.code = VERIFY_TAMPERED;
	item->report.sentence = text_inert(p->a, sentence, strlen(sentence), 0);
}

/* The first record in which two files differ; -1 where one is the other's beginning. */
static int64_t
first_difference(const char *file, const char *other)
{
	const char *line[2];
	struct jscan s[2];
	size_t len[2];
	off_t size[2];
	int live, fd[2] = {jfile_open(file, &size[0], &live, NULL),
		      jfile_open(other, &size[1], &live, NULL)};
	int64_t at = 0, found = -1;

	if (fd[0] >= 0 && fd[1] >= 0) {
		jscan_init(&s[0], fd[0], size[0]);
		jscan_init(&s[1], fd[1], size[1]);
		for (; found < 0 && jscan_next(&s[0], &line[0], &len[0]) == JSCAN_LINE &&
		       jscan_next(&s[1], &line[1], &len[1]) == JSCAN_LINE;
		     at++)
			if (len[0] != len[1] || memcmp(line[0], line[1], len[0]) != 0)
				found = at;
		jscan_free(&s[0]);
		jscan_free(&s[1]);
	}
	if (fd[0] >= 0)
		close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
	return found;
}

static void
check_fork(struct pile *p, size_t i, size_t k)
{
	struct verify_item *x = &p->items[i], *y = &p->items[k];
	int64_t at;

	if (x->report.session == NULL || y->report.session == NULL ||
	    x->report.part != y->report.part || strcmp(x->report.session, y->report.session) != 0)
		return;
	at = first_difference(x->file, y->file);
	if (at < 0)
		return;
	x->report.bad_seq = y->report.bad_seq = (uint64_t)at;
	tampered(p, x,
	    arena_printf(p->a, "fork: %s has another record %lld of the same session", y->file,
		(long long)at));
	tampered(p, y,
	    arena_printf(p->a, "fork: %s has another record %lld of the same session", x->file,
		(long long)at));
}

#define NEAR ((off_t)256 << 10)

/* Where a line starts whose number is at most `seq`, near it: the numbers rise, the chain holds. */
static off_t
start_near(int fd, off_t size, uint64_t seq)
{
	off_t from = 0, to = size, middle, at;
	const char *line;
	struct jhead head;
	struct jscan s;
	size_t len;

	while (to - from > NEAR) {
		middle = from + (to - from) / 2;
		jscan_init(&s, fd, size);
		s.at = middle;
		at = jscan_next(&s, &line, &len) == JSCAN_LINE ? middle + (off_t)len + 1 : size;
		if (at < to && jscan_next(&s, &line, &len) == JSCAN_LINE &&
		    jline_head(line, len, &head) == 0 && head.seq <= seq)
			from = at;
		else
			to = middle;
		jscan_free(&s);
	}
	return from;
}

/* True where the file's record `seq` has this leaf. *records is how many there are up to it. */
static int
has_leaf(
    const struct verify_item *x, uint64_t seq, const uint8_t leaf[SHA256_BYTES], uint64_t *records)
{
	int is_whole = x->report.code != VERIFY_TAMPERED && x->report.code != VERIFY_IO;
	uint8_t found[SHA256_BYTES];
	int live, fd, is_it = 0;
	const char *line;
	struct jhead head;
	struct jscan s;
	size_t len;
	off_t size;

	*records = 0;
	if (is_whole && seq >= x->report.records)
		*records = x->report.records;
	if (*records > 0 || (fd = jfile_open(x->file, &size, &live, NULL)) < 0)
		return 0;
	jscan_init(&s, fd, size);
	if (is_whole)
		s.at = start_near(fd, size, seq);
	while (jscan_next(&s, &line, &len) == JSCAN_LINE) {
		if (is_whole ? jline_head(line, len, &head) != 0 || head.seq < seq
			     : (*records)++ < seq)
			continue;
		jline_leaf(line, len, found);
		is_it = memcmp(found, leaf, SHA256_BYTES) == 0;
		break;
	}
	if (is_whole)
		*records = seq + 1;
	jscan_free(&s);
	close(fd);
	return is_it;
}

/* "<session>:<seq>:<hex>" taken apart. 0 or -1. */
static int
parse_head(const char *head, uint64_t *seq, uint8_t leaf[SHA256_BYTES])
{
	size_t n;

	if (strlen(head) < ID_CHARS + 3 || head[ID_CHARS] != ':')
		return -1;
	n = strspn(head + ID_CHARS + 1, "0123456789");
	if (n == 0 || n > 16 || head[ID_CHARS + 1 + n] != ':')
		return -1;
	*seq = strtoull(head + ID_CHARS + 1, NULL, 10);
	head += ID_CHARS + n + 2;
	return strlen(head) == SHA256_HEX - 1 ? hex_decode(head, leaf, SHA256_BYTES) : -1;
}

static void
check_parent(struct pile *p, size_t i)
{
	struct verify_item *x = &p->items[i];
	const char *head = x->report.parent;
	uint8_t leaf[SHA256_BYTES];
	uint64_t seq, records;
	size_t k, known = 0;

	if (head == NULL || parse_head(head, &seq, leaf) != 0)
		return;
	for (k = 0; k < p->n; k++) {
		const struct verify_report *y = &p->items[k].report;

		if (k == i || y->session == NULL || strncmp(y->session, head, ID_CHARS) != 0)
			continue;
		known++;
		if (has_leaf(&p->items[k], seq, leaf, &records))
			return;
	}
	/* A predecessor kept elsewhere proves nothing; one that differs does. */
	if (known > 0)
		tampered(p, x,
		    arena_printf(p->a,
			"its predecessor %.26s is here, but not with record %llu as this session "
			"saw it",
			head, (unsigned long long)seq));
}

static int
rank(enum verify_code code)
{
	static const int ranks[] = {[VERIFY_SEALED] = 0,
	    [VERIFY_OPEN] = 1,
	    [VERIFY_CRASH] = 2,
	    [VERIFY_UNTRUSTED] = 3,
	    [VERIFY_IO] = 4,
	    [VERIFY_TAMPERED] = 5};

	return ranks[code];
}

static void
failed(struct pile *p, struct verify_result *r, const char *sentence)
{
	r->failed = arena_grow(p->a, r->failed, r->nfailed, sizeof(*r->failed));
	r->failed[r->nfailed++] = text_inert(p->a, sentence, strlen(sentence), 0);
}

/* A head that somebody else holds: it must be in one of the session's files. */
static int
check_expect(struct pile *p, const char *head, struct verify_result *r, struct err *e)
{
	uint64_t seq, records, most = 0, have;
	uint8_t leaf[SHA256_BYTES];
	struct verify_item *of = NULL;
	size_t i;

	if (parse_head(head, &seq, leaf) != 0) {
		err_set(e, ERR_USAGE, "\"%.100s\" is no head of a journal", head);
		return err_hint(e, "A head is SESSION:NUMBER:HASH, as verify --json prints it.");
	}
	for (i = 0; i < p->n; i++) {
		const struct verify_report *y = &p->items[i].report;

		if (y->session == NULL || strncmp(y->session, head, ID_CHARS) != 0)
			continue;
		if (has_leaf(&p->items[i], seq, leaf, &records))
			return 0;
		have = records;
		if (of == NULL || have > most) {
			of = &p->items[i];
			most = have;
		}
	}
	if (of == NULL)
		failed(p, r,
		    arena_printf(p->a,
			"the expected head is of session %.26s, of which no file is here: deleted, "
			"or kept elsewhere",
			head));
	else if (most <= seq)
		tampered(p, of,
		    arena_printf(p->a,
			"rolled back: it ends before the expected record %llu; %llu records are "
			"gone",
			(unsigned long long)seq, (unsigned long long)(seq + 1 - most)));
	else
		tampered(p, of,
		    arena_printf(p->a,
			"replaced: record %llu is here, and is another than the expected one",
			(unsigned long long)seq));
	return 0;
}

static int
is_elsewhere(const struct pile *p, const struct verify_item *x, const struct seen_head *head)
{
	uint64_t records;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct verify_item *y = &p->items[i];

		if (y != x && y->report.session != NULL && y->report.part == head->part &&
		    strcmp(y->report.session, head->session) == 0 &&
		    has_leaf(y, head->seq, head->leaf, &records))
			return 1;
	}
	return 0;
}

/* What this user saw of the file before must still be in it. */
static void
check_seen(struct pile *p, struct verify_item *x, struct seen *seen)
{
	const struct verify_report *y = &x->report;
	struct seen_head now, *old;
	uint64_t records;

	if (y->session == NULL || y->code == VERIFY_IO)
		return;
	old = seen_find(seen, y->session, y->part);
	/* A copy that lags is no rollback while another place has the records. */
	if (old != NULL && y->records <= old->seq && is_elsewhere(p, x, old))
		return;
	if (old != NULL && !has_leaf(x, old->seq, old->leaf, &records)) {
		tampered(p, x,
		    records <= old->seq
			? arena_printf(p->a,
			      "rolled back: you saw record %llu of it before, now it ends before "
			      "that; %llu records are gone",
			      (unsigned long long)old->seq,
			      (unsigned long long)(old->seq + 1 - records))
			: arena_printf(p->a,
			      "replaced: record %llu is another than the one you saw before",
			      (unsigned long long)old->seq));
		return;
	}
	if (y->code == VERIFY_TAMPERED || y->lasting == NULL)
		return;
	now = (struct seen_head){.session = y->session, .part = y->part};
	if (parse_head(y->lasting, &now.seq, now.leaf) == 0)
		seen_note(p->a, seen, &now);
}

static void
judge_worst(struct pile *p, struct verify_result *r)
{
	size_t i;

	r->worst = r->nfailed > 0 ? VERIFY_TAMPERED : VERIFY_SEALED;
	for (i = 0; i < p->n; i++)
		if (rank(p->items[i].report.code) > rank(r->worst))
			r->worst = p->items[i].report.code;
}

int
journal_verify_all(struct arena *a, const char *const *paths, size_t npaths,
    const struct verify_ask *ask, struct verify_result *out, struct err *e)
{
	struct pile p = {.a = a};
	struct seen seen = {0};
	struct err why;
	size_t i, k;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < npaths; i++)
		if (add_path(&p, paths[i], ask->operators, e) != 0)
			return -1;
	for (i = 0; i < p.n; i++) {
		for (k = i + 1; k < p.n; k++)
			check_fork(&p, i, k);
		check_parent(&p, i);
	}
	for (i = 0; i < ask->nexpect; i++)
		if (check_expect(&p, ask->expect[i], out, e) != 0)
			return -1;
	if (ask->seen_file != NULL && seen_load(a, ask->seen_file, &seen, &why) != 0)
		failed(&p, out, why.msg);
	else if (ask->seen_file != NULL) {
		for (i = 0; i < p.n; i++)
			check_seen(&p, &p.items[i], &seen);
	}
	judge_worst(&p, out);
	/* A memory that cannot be written is said, and changes no verdict. */
	if (ask->seen_file != NULL && seen_save(a, ask->seen_file, &seen, &why) != 0)
		failed(&p, out, why.msg);
	out->items = p.items;
	out->n = p.n;
	places_fill(a, paths, npaths, out);
	return 0;
}

int
journal_verify_paths(struct arena *a, const char *const *paths, size_t npaths,
    const struct operators *operators, struct verify_item **out, size_t *n, enum verify_code *worst,
    struct err *e)
{
	struct verify_ask ask = {.operators = operators};
	struct verify_result r;

	if (journal_verify_all(a, paths, npaths, &ask, &r, e) != 0)
		return -1;
	*out = r.items;
	*n = r.n;
	*worst = r.worst;
	return 0;
}
