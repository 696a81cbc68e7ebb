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
#include "text.h"
#include "walk.h"
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

/* True where the file's record `seq` has this leaf. */
static int
has_leaf(const char *file, struct claim *claim)
{
	struct walk w;
	off_t size;
	int live, fd = jfile_open(file, &size, &live, NULL);

	if (fd < 0)
		return 0;
	claim->at = UINT64_MAX;
	walk_chain(fd, size, claim, 1, &w);
	close(fd);
	return claim->is_met;
}

static void
check_parent(struct pile *p, size_t i)
{
	struct verify_item *x = &p->items[i];
	const char *head = x->report.parent;
	struct claim claim = {0};
	size_t k, known = 0;
	char *end;

	if (head == NULL || strlen(head) < ID_CHARS + 2 || head[ID_CHARS] != ':')
		return;
	claim.seq = strtoull(head + ID_CHARS + 1, &end, 10);
	if (*end != ':' || strlen(end + 1) != SHA256_HEX - 1 ||
	    hex_decode(end + 1, claim.leaf, SHA256_BYTES) != 0)
		return;
	for (k = 0; k < p->n; k++) {
		const struct verify_report *y = &p->items[k].report;

		if (k == i || y->session == NULL || strncmp(y->session, head, ID_CHARS) != 0)
			continue;
		known++;
		if (has_leaf(p->items[k].file, &claim))
			return;
	}
	/* A predecessor kept elsewhere proves nothing; one that differs does. */
	if (known > 0)
		tampered(p, x,
		    arena_printf(p->a,
			"its predecessor %.26s is here, but not with record %llu as this session "
			"saw it",
			head, (unsigned long long)claim.seq));
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

int
journal_verify_paths(struct arena *a, const char *const *paths, size_t npaths,
    const struct operators *operators, struct verify_item **out, size_t *n, enum verify_code *worst,
    struct err *e)
{
	struct pile p = {.a = a};
	size_t i, k;

	for (i = 0; i < npaths; i++)
		if (add_path(&p, paths[i], operators, e) != 0)
			return -1;
	for (i = 0; i < p.n; i++) {
		for (k = i + 1; k < p.n; k++)
			check_fork(&p, i, k);
		check_parent(&p, i);
	}
	*worst = VERIFY_SEALED;
	for (i = 0; i < p.n; i++)
		if (rank(p.items[i].report.code) > rank(*worst))
			*worst = p.items[i].report.code;
	*out = p.items;
	*n = p.n;
	return 0;
}
