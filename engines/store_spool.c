/*
 * The embedded request store: one directory, shared by a group of operators, sticky, so that nobody
 * takes away what another put there. All files lie in that one directory, told apart by their
 * endings, because it is the directory's owner (root) and not the first user who must own what
 * protects them. What is read is hostile until decoded and verified above; what is wrong is left
 * out and counted, never waited for.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/store_file.h"
#include "hash.h"
#include "store.h"
#include "text.h"
#include "banned.h"

#define REQUEST_BYTES ((size_t)1 << 20)
#define ANSWER_BYTES ((size_t)16384)
#define HOLDS_BYTES ((size_t)1 << 18)
#define LIST_FILES 4096
#define LIST_BYTES ((size_t)64 << 20)
#define OLD_S (30 * 86400)

#define END_REQUEST ".request"
#define END_ANSWER ".answer"
#define END_CLAIM ".claim"
#define END_HOLDS ".holds"

struct spool {
	struct store store;
	int dir, watch;
	gid_t group;
	struct held *held; /* requests of this session */
	char path[512];
};

/* store.h's struct is the first member. */
static struct spool *
spool_of(struct store *s)
{
	return (struct spool *)(void *)s;
}

static int
wrap(struct spool *s, struct err *e)
{
	return err_wrap(e, "spool %s", s->path);
}

/* The file's name for an id, or an error where the id is none. */
static int
file_name(const char *id, const char *ending, char out[96], struct err *e)
{
	if (!id_is_valid(id))
		return err_set(
		    e, ERR_USAGE, "this is no id: 26 characters of a-z and 2-7 were expected");
	snprintf(out, 96, "%s%s", id, ending);
	return 0;
}

static int
put_request(struct store *store, const char *id, const char *data, size_t len, struct err *e)
{
	struct spool *s = spool_of(store);
	char name[96];
	int fd;

	if (file_name(id, END_REQUEST, name, e) == -1)
		return -1;
	if (len == 0 || len > REQUEST_BYTES)
		return err_set(
		    e, ERR_REFUSED, "a request of %zu bytes is too long for the spool", len);
	if (store_write(s->dir, s->group, name, data, len, STORE_NEW, &fd, e) == -1)
		return wrap(s, e);
	held_add(&s->held, id, fd);
	return 0;
}

static int
put_answer(struct store *store, const char *id, const char *data, size_t len, struct err *e)
{
	struct spool *s = spool_of(store);
	char ending[64], random[ID_CHARS + 1], name[96];

	id_new(random);
	snprintf(ending, sizeof(ending), ".%s%s", random, END_ANSWER);
	if (file_name(id, ending, name, e) == -1)
		return -1;
	if (len == 0 || len > ANSWER_BYTES)
		return err_set(
		    e, ERR_REFUSED, "an answer of %zu bytes is too long for the spool", len);
	if (store_write(s->dir, s->group, name, data, len, STORE_NEW, NULL, e) == -1)
		return wrap(s, e);
	return 0;
}

/* What a walk through the directory collects. */
struct walk {
	struct arena *arena;
	const char *ending;
	const char *id; /* only of this request, or NULL */
	int has_random; /* <id>.<random><ending> */
	size_t max;
	struct store_item *items;
	size_t n, seen, bytes, nbad;
	const char *bad;
};

/* True where the file is of the kind looked for; fills the item's id and name. */
static int
is_wanted(const struct walk *w, const char *file, struct store_item *item)
{
	size_t n = strlen(file), tail = strlen(w->ending), want;
	char id[ID_CHARS + 1], random[ID_CHARS + 1] = "";

	want = ID_CHARS + (w->has_random ? 1 + ID_CHARS : 0) + tail;
	if (n != want || strcmp(file + n - tail, w->ending) != 0)
		return 0;
	text_copy(id, sizeof(id), file);
	if (!id_is_valid(id) || (w->id != NULL && strcmp(w->id, id) != 0))
		return 0;
	if (w->has_random) {
		text_copy(random, sizeof(random), file + ID_CHARS + 1);
		if (file[ID_CHARS] != '.' || !id_is_valid(random))
			return 0;
	}
	item->id = arena_strdup(w->arena, id);
	item->name = arena_strdup(w->arena, file);
	return 1;
}

static void
note_bad(struct spool *s, struct walk *w, const char *sentence)
{
	if (w->nbad++ == 0)
		w->bad = arena_printf(w->arena, "spool %s: %s", s->path, sentence);
}

static void
take_file(struct spool *s, struct walk *w, const char *file)
{
	struct store_item item = {0};
	struct err why = {0};
	char *data = NULL;

	if (!is_wanted(w, file, &item))
		return;
	if (++w->seen > LIST_FILES || w->bytes > LIST_BYTES) {
		note_bad(s, w, "there is more than this program reads at once");
		return;
	}
	if (store_read(w->arena, s->dir, file, w->max, &data, &item.len, &item.owner, &why) == -1) {
		if (errno != ENOENT) /* else it was withdrawn while we looked */
			note_bad(s, w, why.msg);
		return;
	}
	item.data = data;
	w->bytes += item.len;
	w->items = arena_grow(w->arena, w->items, w->n, sizeof(*w->items));
	w->items[w->n++] = item;
}

static int
by_name(const void *x, const void *y)
{
	const struct store_item *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static int
walk(struct spool *s, struct walk *w, struct err *e)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (d == NULL) {
		err_set(e, ERR_FAILED, "could not list it: %s", strerror(errno));
		if (fd != -1)
			close(fd);
		return wrap(s, e);
	}
	while ((entry = readdir(d)) != NULL)
		take_file(s, w, entry->d_name);
	closedir(d);
	if (w->n > 1)
		qsort(w->items, w->n, sizeof(*w->items), by_name);
	return 0;
}

static int
list(struct store *store, struct arena *a, struct store_item **items, size_t *n, size_t *nbad,
    const char **bad, struct err *e)
{
	struct walk w = {.arena = a, .ending = END_REQUEST, .max = REQUEST_BYTES};
	int rc = walk(spool_of(store), &w, e);

	*items = w.items;
	*n = w.n;
	*nbad = w.nbad;
	*bad = w.bad;
	return rc;
}

static int
get(struct store *store, struct arena *a, const char *id, struct store_item *out, struct err *e)
{
	struct spool *s = spool_of(store);
	char name[96], *data;

	memset(out, 0, sizeof(*out));
	if (file_name(id, END_REQUEST, name, e) == -1)
		return -1;
	if (store_read(a, s->dir, name, REQUEST_BYTES, &data, &out->len, &out->owner, e) == -1) {
		if (errno == ENOENT)
			return err_set(e, ERR_APPROVAL,
			    "there is no request %s in spool %s: it was withdrawn, or never filed "
			    "here",
			    id, s->path);
		return wrap(s, e);
	}
	out->data = data;
	out->id = arena_strdup(a, id);
	out->name = arena_strdup(a, name);
	return 0;
}

static int
answers(struct store *store, struct arena *a, const char *id, struct store_item **items, size_t *n,
    struct err *e)
{
	struct walk w = {
	    .arena = a, .ending = END_ANSWER, .id = id, .has_random = 1, .max = ANSWER_BYTES};
	int rc = walk(spool_of(store), &w, e);

	*items = w.items;
	*n = w.n;
	return rc;
}

static int
claim(struct store *store, const char *id, struct err *e)
{
	struct spool *s = spool_of(store);
	char name[96], text[64];
	int n;

	if (file_name(id, END_CLAIM, name, e) == -1)
		return -1;
	n = snprintf(
	    text, sizeof(text), "uid %u at %lld\n", (unsigned)geteuid(), (long long)time(NULL));
	if (store_write(s->dir, s->group, name, text, (size_t)n, STORE_NEW, NULL, e) == 0)
		return 0;
	if (errno == EEXIST)
		return err_set(e, ERR_APPROVAL,
		    "request %s was claimed already: a request runs at most once", id);
	return wrap(s, e);
}

static int
is_claimed(struct store *store, const char *id)
{
	struct stat st;
	char name[96];

	/* Whatever stands there, and whatever keeps us from looking, counts as claimed. */
	return file_name(id, END_CLAIM, name, NULL) == -1 ||
	       fstatat(spool_of(store)->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	       errno != ENOENT;
}

static int
is_alive(struct store *store, const char *id)
{
	char name[96];

	return file_name(id, END_REQUEST, name, NULL) == 0 && held_is(spool_of(store)->dir, name);
}

static int
withdraw(struct store *store, const char *id, struct err *e)
{
	struct spool *s = spool_of(store);
	char name[96];

	if (file_name(id, END_REQUEST, name, e) == -1)
		return -1;
	held_drop(&s->held, id);
	if (unlinkat(s->dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	err_set(e, ERR_FAILED, "could not take request %s out: %s", id, strerror(errno));
	return wrap(s, e);
}

static int
publish(struct store *store, const char *session, const char *data, size_t len, struct err *e)
{
	struct spool *s = spool_of(store);
	char name[96];

	if (file_name(session, END_HOLDS, name, e) == -1)
		return -1;
	if (len == 0) { /* nothing is held any more */
		if (unlinkat(s->dir, name, 0) == 0 || errno == ENOENT)
			return 0;
		err_set(e, ERR_FAILED, "could not remove %s: %s", name, strerror(errno));
		return wrap(s, e);
	}
	if (len > HOLDS_BYTES)
		return err_set(e, ERR_REFUSED, "the list of holds is too long for the spool");
	if (store_write(s->dir, s->group, name, data, len, STORE_REPLACE, NULL, e) == -1)
		return wrap(s, e);
	return 0;
}

static int
published(struct store *store, struct arena *a, struct store_item **items, size_t *n, struct err *e)
{
	struct walk w = {.arena = a, .ending = END_HOLDS, .max = HOLDS_BYTES};
	int rc = walk(spool_of(store), &w, e);

	*items = w.items;
	*n = w.n;
	return rc;
}

static int
watch_fd(struct store *store)
{
	return spool_of(store)->watch;
}

static void
drain(struct store *store)
{
	char events[4096];

	while (spool_of(store)->watch != -1 &&
	       read(spool_of(store)->watch, events, sizeof(events)) > 0)
		;
}

static void
close_spool(struct store *store)
{
	struct spool *s = spool_of(store);

	held_drop(&s->held, NULL);
	close(s->dir);
	if (s->watch != -1)
		close(s->watch);
	free(s);
}

static const struct store_ops spool_ops = {
    .name = "spool",
    .put_request = put_request,
    .put_answer = put_answer,
    .list = list,
    .get = get,
    .answers = answers,
    .claim = claim,
    .is_claimed = is_claimed,
    .is_alive = is_alive,
    .withdraw = withdraw,
    .publish = publish,
    .published = published,
    .watch_fd = watch_fd,
    .drain = drain,
    .close = close_spool,
};

static int
check_dir(struct spool *s, struct err *e)
{
	struct stat st;
	const struct group *g;

	if (fstat(s->dir, &st) == -1)
		return err_set(
		    e, ERR_CONFIG, "could not look at spool %s: %s", s->path, strerror(errno));
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0) {
		err_set(e, ERR_CONFIG,
		    "spool %s lets people take away each other's files: it is writable for others "
		    "and not sticky",
		    s->path);
		return err_hint(e, "chmod 3770 %s", s->path);
	}
	/* In a private spool, files keep the group their owner has. */
	s->group = (st.st_mode & S_IWGRP) != 0 ? st.st_gid : (gid_t)-1;
	if (faccessat(s->dir, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0 &&
	    (s->group == (gid_t)-1 || store_is_member(s->group)))
		return 0;
	g = getgrgid(st.st_gid);
	err_set(e, ERR_CONFIG, "spool %s is not yours to use: it belongs to group %s", s->path,
	    g == NULL ? "(without a name)" : g->gr_name);
	return err_hint(
	    e, "Be a member of that group and log in again, or paste requests and answers.");
}

/* A request, answer or claim as this file names them: nothing else is ever removed here. */
static int
is_ours(const char *file)
{
	static const char *const endings[] = {END_REQUEST, END_ANSWER, END_CLAIM};
	struct store_item item;
	struct arena *a = arena_new();
	struct walk w = {.arena = a};
	size_t i;
	int found = 0;

	for (i = 0; i < 3 && !found; i++) {
		w.ending = endings[i];
		w.has_random = strcmp(endings[i], END_ANSWER) == 0;
		found = is_wanted(&w, file, &item);
	}
	arena_free(a);
	return found;
}

/* What this user left here long ago: nothing that old can still run. */
static void
sweep(struct spool *s)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	time_t old = time(NULL) - OLD_S;
	struct dirent *entry;
	struct stat st;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((entry = readdir(d)) != NULL)
		if (is_ours(entry->d_name) &&
		    fstatat(s->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_mtime < old)
			unlinkat(s->dir, entry->d_name, 0);
	closedir(d);
}

int
store_open_spool(const char *dir, struct store **out, struct err *e)
{
	struct spool *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL)
		abort();
	s->store.ops = &spool_ops;
	s->watch = -1;
	text_copy(s->path, sizeof(s->path), dir);
	s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir == -1) {
		err_set(e, ERR_CONFIG, "could not open spool %s: %s", dir,
		    errno == ELOOP || errno == ENOTDIR ? "it is not a directory itself"
						       : strerror(errno));
		free(s);
		return err_hint(
		    e, "install -d -m 3770 -g GROUP %s makes one for a group of operators.", dir);
	}
	if (check_dir(s, e) == -1) {
		close_spool(&s->store);
		return -1;
	}
	sweep(s);
	s->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->watch != -1 && inotify_add_watch(s->watch, dir,
				  IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) == -1) {
		close(s->watch);
		s->watch = -1;
	}
	*out = &s->store;
	return 0;
}
