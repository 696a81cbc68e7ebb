/*
 * The operators file: see operators.h. One wrong line refuses the whole file: a line that is
 * skipped is a person who silently may not, or worse, a revocation that silently does not count.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "operators.h"
#include "sshsig.h"
#include "text.h"
#include "banned.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define PERSON_MAX 64
#define BLANKS " \t"

/* One line on its way into the table. */
struct line {
	struct arena *a;
	const char *file;
	int number;
	struct operator_key *key;
	struct err *e;
};

static int
bad(const struct line *l, const char *what, const char *expected)
{
	err_set(l->e, ERR_CONFIG, "%s:%d: %s; expected %s", l->file, l->number, what, expected);
	return err_hint(l->e, "The whole file counts for nothing until this line is mended.");
}

static char *
shown(const struct line *l, const char *s, size_t n)
{
	return text_fit(l->a, s, n, 60);
}

static int
is_own_namespace(const char *s)
{
	static const char *const own[] = {
	    NS_SESSION, NS_REQUEST, NS_APPROVAL, NS_CHECKPOINT, NS_REVIEW, NS_HANDOVER};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i], s) == 0)
			return 1;
	return 0;
}

static int
add_namespaces(struct line *l, const char *value)
{
	struct operator_key *k = l->key;
	const char *p = value, *name, *at;
	size_t n;

	if (k->nnamespaces > 0)
		return bad(l, "a second namespaces option", "one");
	for (;; p += n + 1) {
		n = strcspn(p, ",");
		name = arena_strndup(l->a, p, n);
		if (!text_is_name(name, 64))
			return bad(l, arena_printf(l->a, "namespace \"%s\"", shown(l, name, n)),
			    "exact names as in namespaces=\"" NS_APPROVAL "," NS_SESSION
			    "\", no wildcards, no spaces");
		at = strrchr(name, '@');
		if (at != NULL && strcmp(at, "@holdfast") == 0 && !is_own_namespace(name))
			return bad(l, arena_printf(l->a, "namespace \"%s\"", name),
			    "one of session, request, approval, checkpoint, review, handover "
			    "before "
			    "@holdfast");
		k->namespaces =
		    arena_grow(l->a, k->namespaces, k->nnamespaces, sizeof(*k->namespaces));
		k->namespaces[k->nnamespaces++] = name;
		if (p[n] == '\0')
			return 0;
	}
}

/* YYYYMMDD[HHMM[SS]]Z. */
static int64_t
parse_time(const char *s)
{
	static const struct {
		size_t at, n;
		int least, most;
	} part[] = {{0, 4, 1970, 9999}, {4, 2, 1, 12}, {6, 2, 1, 31}, {8, 2, 0, 23}, {10, 2, 0, 59},
	    {12, 2, 0, 59}};
	size_t digits = strspn(s, "0123456789"), i, k;
	int v[6] = {0};
	struct tm tm = {0}, back;
	time_t t;

	if ((digits != 8 && digits != 12 && digits != 14) || strcmp(s + digits, "Z") != 0)
		return -1;
	for (i = 0; i < 6 && part[i].at < digits; i++) {
		for (k = 0; k < part[i].n; k++)
			v[i] = v[i] * 10 + (s[part[i].at + k] - '0');
		if (v[i] < part[i].least || v[i] > part[i].most)
			return -1;
	}
	tm.tm_year = v[0] - 1900;
	tm.tm_mon = v[1] - 1;
	tm.tm_mday = v[2];
	tm.tm_hour = v[3];
	tm.tm_min = v[4];
	tm.tm_sec = v[5];
	t = timegm(&tm);
	if (gmtime_r(&t, &back) == NULL || back.tm_mday != v[2])
		return -1;
	return t;
}

static int
set_time(struct line *l, const char *name, int64_t *out, int64_t unset, const char *value)
{
	if (*out != unset)
		return bad(l, arena_printf(l->a, "a second %s option", name), "one");
	*out = parse_time(value);
	if (*out == -1)
		return bad(l, arena_printf(l->a, "%s=\"%s\"", name, shown(l, value, strlen(value))),
		    "YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS followed by Z: a time without Z "
		    "means another moment on every machine");
	return 0;
}

static int
set_option(struct line *l, const char *name, const char *value)
{
	if (strcmp(name, "namespaces") == 0)
		return add_namespaces(l, value);
	if (strcmp(name, "valid-after") == 0)
		return set_time(l, name, &l->key->valid_after, 0, value);
	if (strcmp(name, "valid-before") == 0)
		return set_time(l, name, &l->key->valid_before, INT64_MAX, value);
	if (strcmp(name, "cert-authority") == 0)
		return bad(l, "a cert-authority line",
		    "a person's own key: certificate authorities are not taken");
	return bad(l, arena_printf(l->a, "option \"%s\"", shown(l, name, strlen(name))),
	    "namespaces, valid-after or valid-before, in lower case, separated by commas");
}

/* name="value",name="value" up to a blank. Advances *p past it. */
static int
parse_options(struct line *l, const char **p)
{
	const char *name, *value;
	size_t n;

	for (;;) {
		n = strspn(*p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
		name = arena_strndup(l->a, *p, n);
		*p += n;
		if (strncmp(*p, "=\"", 2) != 0)
			return strcmp(name, "cert-authority") == 0
				   ? set_option(l, name, "")
				   : bad(l, arena_printf(l->a, "\"%s\"", shown(l, name, n)),
					 "options as in namespaces=\"" NS_APPROVAL
					 "\", then the key's type");
		*p += 2;
		n = strcspn(*p, "\"");
		if ((*p)[n] != '"' || memchr(*p, '\\', n) != NULL)
			return bad(l, "an option whose quotes do not close", "NAME=\"VALUE\"");
		value = arena_strndup(l->a, *p, n);
		*p += n + 1;
		if (set_option(l, name, value) == -1)
			return -1;
		if (**p != ',')
			break;
		(*p)++;
	}
	if (**p == '\0' || strchr(BLANKS, **p) == NULL)
		return bad(l, "text right after an option", "a comma or a space");
	*p += strspn(*p, BLANKS);
	return 0;
}

static int
parse_key(struct line *l, const char *p)
{
	struct operator_key *k = l->key;
	struct err why = {0};

	k->type = arena_strndup(l->a, p, strcspn(p, BLANKS));
	if (ssh_public_blob(l->a, p, &k->blob, &k->nblob, &why) == -1)
		return bad(l, why.msg, "TYPE BASE64 as in the .pub file of a key");
	k->fingerprint = ssh_fingerprint(l->a, k->blob, k->nblob);
	return 0;
}

static int
check_unique(struct line *l, const struct operators *o)
{
	const struct operator_key *same = operators_key(o, l->key->blob, l->key->nblob);
	size_t i;

	if (same != NULL)
		return bad(l,
		    arena_printf(l->a, "the key of line %d (%s) again", same->line, same->person),
		    "each key on exactly one line");
	for (i = 0; i < o->nkeys; i++)
		if (strcasecmp(o->keys[i].person, l->key->person) == 0 &&
		    strcmp(o->keys[i].person, l->key->person) != 0)
			return bad(l,
			    arena_printf(l->a, "person %s, and %s on line %d", l->key->person,
				o->keys[i].person, o->keys[i].line),
			    "one spelling for one person");
	return 0;
}

static int
parse_line(struct line *l, const char *text, size_t len)
{
	const char *p = arena_strndup(l->a, text, len);
	size_t i, n;

	for (i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return bad(l, "a control character (or a Windows line end)",
			    "printable text, LF at the end of each line");
	n = strcspn(p, BLANKS);
	l->key->person = arena_strndup(l->a, p, n);
	if (!text_is_name(l->key->person, PERSON_MAX) || strchr(l->key->person, '@') != NULL)
		return bad(l, arena_printf(l->a, "person \"%s\"", shown(l, p, n)),
		    "one exact name of letters, digits, '.', '_' and '-', no patterns, no lists");
	p += n;
	p += strspn(p, BLANKS);
	if (parse_options(l, &p) == -1)
		return -1;
	if (l->key->nnamespaces == 0)
		return bad(
		    l, "no namespaces option", "it: without it a key would sign for every purpose");
	if (l->key->valid_after >= l->key->valid_before)
		return bad(
		    l, "valid-before is not after valid-after", "a key that is valid some time");
	return parse_key(l, p);
}

int
operators_parse(struct arena *a, const char *file, const char *text, size_t len,
    struct operators *out, struct err *e)
{
	struct line l = {.a = a, .file = file, .e = e};
	const char *p = text, *end = text + len, *eol;
	struct operator_key key;
	size_t n, blank;

	memset(out, 0, sizeof(*out));
	out->file = arena_strdup(a, file);
	if (len > FILE_MAX_BYTES)
		return err_set(e, ERR_CONFIG, "%s has more than 1 MiB", file);
	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		n = (size_t)(eol - p);
		l.number++;
		for (blank = 0; blank < n && strchr(BLANKS, p[blank]) != NULL && p[blank] != '\0';)
			blank++;
		if (blank == n || p[blank] == '#')
			continue;
		memset(&key, 0, sizeof(key));
		key.valid_before = INT64_MAX;
		key.line = l.number;
		l.key = &key;
		if (parse_line(&l, p + blank, n - blank) == -1 || check_unique(&l, out) == -1)
			return -1;
		out->keys = arena_grow(a, out->keys, out->nkeys, sizeof(*out->keys));
		out->keys[out->nkeys++] = key;
	}
	if (out->nkeys == 0)
		return err_set(e, ERR_CONFIG, "%s names nobody", file);
	return 0;
}

static int
check_file(const char *file, const struct stat *st, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_CONFIG, "operators file %s is not a regular file", file);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(
		    e, ERR_CONFIG, "operators file %s belongs to neither root nor you", file);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		err_set(e, ERR_CONFIG, "operators file %s can be written by others", file);
		return err_hint(e, "chmod go-w %s", file);
	}
	if (st->st_size < 0 || (size_t)st->st_size > FILE_MAX_BYTES)
		return err_set(e, ERR_CONFIG, "operators file %s has more than 1 MiB", file);
	return 0;
}

int
operators_load(struct arena *a, const char *file, struct operators *out, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t n = 0;
	ssize_t got;
	char *text;
	int rc;

	if (fd == -1)
		return err_set(e, ERR_CONFIG, "could not open operators file %s: %s", file,
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (fstat(fd, &st) == -1)
		rc = err_set(
		    e, ERR_CONFIG, "could not read operators file %s: %s", file, strerror(errno));
	else
		rc = check_file(file, &st, e);
	if (rc == -1) {
		close(fd);
		return -1;
	}
	text = arena_alloc(a, FILE_MAX_BYTES + 1);
	while (n <= FILE_MAX_BYTES && (got = read(fd, text + n, FILE_MAX_BYTES + 1 - n)) != 0) {
		if (got == -1 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (n <= FILE_MAX_BYTES && got == -1)
		return err_set(e, ERR_CONFIG, "could not read operators file %s", file);
	return operators_parse(a, file, text, n, out, e);
}

int
operators_has(const struct operators *o, const char *person)
{
	size_t i;

	for (i = 0; i < o->nkeys; i++)
		if (strcmp(o->keys[i].person, person) == 0)
			return 1;
	return 0;
}

int
operators_may(const struct operator_key *k, const char *namespace)
{
	size_t i;

	for (i = 0; i < k->nnamespaces; i++)
		if (strcmp(k->namespaces[i], namespace) == 0)
			return 1;
	return 0;
}

size_t
operators_eligible(
    struct arena *a, const struct operators *o, const char *namespace, const char ***persons)
{
	size_t n = 0, i, k;

	*persons = arena_array(a, o->nkeys + 1, sizeof(**persons));
	for (i = 0; i < o->nkeys; i++) {
		if (!operators_may(&o->keys[i], namespace))
			continue;
		for (k = 0; k < n && strcmp((*persons)[k], o->keys[i].person) != 0; k++)
			;
		if (k == n)
			(*persons)[n++] = o->keys[i].person;
	}
	return n;
}

const struct operator_key *
operators_key(const struct operators *o, const uint8_t *blob, size_t n)
{
	size_t i;

	for (i = 0; i < o->nkeys; i++)
		if (o->keys[i].nblob == n && memcmp(o->keys[i].blob, blob, n) == 0)
			return &o->keys[i];
	return NULL;
}
