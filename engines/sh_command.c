/*
 * What a command does by its name, options and operands. An allow-list: a harmless command with an
 * option that is not harmless is not harmless, and an unknown command is opaque.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/sh_lex.h"
#include "banned.h"

int
sh_has_word(const char *list, const char *word, size_t len)
{
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (n == len && strncmp(list, word, n) == 0)
			return 1;
	}
	return 0;
}

/* A long option may be cut short: does the word begin one of the list? */
static int
begins_one(const char *list, const char *word, size_t len)
{
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (len > 2 && len <= n && strncmp(list, word, len) == 0)
			return 1;
	}
	return 0;
}

/* An option of the list, alone or in a bundle of letters. */
int
sh_is_option(const char *list, const char *word)
{
	size_t len = strcspn(word, "="), i;
	char one[2] = "-";

	if (word[0] != '-' || word[1] == '\0')
		return 0;
	if (word[1] == '-')
		return begins_one(list, word, len);
	if (sh_has_word(list, word, strlen(word)) || sh_has_word(list, word, len))
		return 1;
	for (i = 1; word[i] != '\0'; i++) {
		char letter[3] = {one[0], word[i], '\0'};

		if (sh_has_word(list, letter, 2))
			return 1;
	}
	return 0;
}

int
sh_is_secret(const char *path)
{
	static const char *const parts[] = {"/etc/shadow", "/etc/gshadow", ".pgpass", ".my.cnf",
	    "debian.cnf", "/.ssh/", "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", ".pem", ".key",
	    ".p12", ".pfx", "/environ", ".netrc", "credential", "secret", "passw", ".mylogin.cnf",
	    "authorized_keys", "/etc/sudoers", ".aws/", ".kube/", "keyring", "token", ".env",
	    "_history", "mysql/user", "/proc/kcore", "/proc/kmem", NULL};
	size_t i;

	if (strcmp(path, "/etc/passwd") == 0)
		return 0;
	for (i = 0; parts[i] != NULL; i++)
		if (strcasestr(path, parts[i]) != NULL)
			return 1;
	return 0;
}

int
sh_is_device(const char *path)
{
	return strncmp(path, "/dev/", 5) == 0 && strcmp(path, "/dev/null") != 0 &&
	       strcmp(path, "/dev/stdin") != 0 && strcmp(path, "/dev/zero") != 0;
}

struct action *
sh_by_row(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	struct action *x = sh_add(s, r->danger, r->name, r->why);
	const char *kill = sh_kill(r->name, w, n);
	size_t i;

	if (kill != NULL) {
		x->danger = DANGER_DESTRUCTIVE;
		x->why = arena_printf(s->a, "%s %s destroys what it names", r->name, kill);
	}

	for (i = 1; i < n && x->nobjects < 64; i++)
		if (w[i].text[0] != '-' && r->danger >= DANGER_DANGEROUS) {
			x->objects = arena_grow(s->a, x->objects, x->nobjects, sizeof(*x->objects));
			x->objects[x->nobjects++] = (struct object){
			    .type = "path", .name = w[i].text, .rows = -1, .bytes = -1};
		}
	return x;
}

/* A harmless command, as long as its options are. */
static void
harmless(struct sh *s, const struct sh_row *r, const struct sh_word *w, size_t n)
{
	int operands = 0, is_over = 0;
	size_t i;

	for (i = 1; i < n; i++) {
		/* Whatever it becomes, a command that nothing can make harmful stays harmless. */
		if (w[i].is_expanded && !w[i].is_made &&
		    (w[i].is_variable || r->words != NULL || r->is_content ||
			r->max_operands != 0)) {
			sh_add(s, DANGER_OPAQUE, r->name,
			    "what it is given is not known before it runs");
			return;
		}
		if (!is_over && strcmp(w[i].text, "--") == 0) {
			is_over = 1;
			continue;
		}
		if (!is_over && r->words != NULL && sh_is_option(r->words, w[i].text)) {
			sh_add(s, DANGER_DANGEROUS, r->name,
			    arena_printf(s->a, "%s changes something with %s", r->name, w[i].text));
			return;
		}
		operands += is_over || w[i].text[0] != '-';
		if (r->is_content && (sh_is_secret(w[i].text) || sh_is_device(w[i].text))) {
			sh_add(s, DANGER_DANGEROUS, r->name, "shows a secret, or a device's bytes");
			return;
		}
	}
	if (r->max_operands != 0 && operands > (r->max_operands < 0 ? 0 : r->max_operands))
		sh_add(s, DANGER_DANGEROUS, r->name,
		    arena_printf(s->a, "%s changes something with that operand", r->name));
	else
		sh_add(s, DANGER_READ, r->name, r->why);
}

/* Sub-commands and options that only show something; the first one decides. */
static int
only_shows(const struct sh_row *r, const struct sh_word *w, size_t n)
{
	size_t i, k;

	if (r->words == NULL || sh_kill(r->name, w, n) != NULL)
		return 0;
	if (n == 1)
		return sh_has_word(r->words, "-", 1);
	for (i = 1; i < n; i++) {
		if (w[i].is_expanded || sh_is_secret(w[i].text))
			return 0;
		if (sh_has_word(r->words, w[i].text, strcspn(w[i].text, "=")))
			break;
		if (sh_has_value(r->name, w[i].text))
			i++;
		else if (w[i].text[0] != '-')
			return 0;
	}
	/* Where an option says so, no other option may say more. */
	for (k = 1; i < n && k < n; k++)
		if (w[k].text[0] == '-' && (w[i].text[0] == '-' || strcmp(r->name, "tar") == 0) &&
		    !sh_has_word(r->words, w[k].text, strcspn(w[k].text, "=")) &&
		    !sh_has_value(r->name, w[k].text))
			return 0;
	for (k = i; k < n; k++)
		if (w[k].is_expanded || sh_is_secret(w[k].text))
			return 0;
	return i < n;
}

static const struct sh_words *
more_words(const char *name)
{
	size_t i;

	for (i = 0; i < sh_nwords; i++)
		if (strcmp(sh_words[i].name, name) == 0)
			return &sh_words[i];
	return NULL;
}

const char *
sh_kill(const char *name, const struct sh_word *w, size_t n)
{
	const struct sh_words *m = more_words(name);
	size_t i;

	for (i = 1; m != NULL && m->kills != NULL && i < n; i++)
		if (sh_has_word(m->kills, w[i].text, strcspn(w[i].text, "=")))
			return w[i].text;
	return NULL;
}

int
sh_has_value(const char *name, const char *word)
{
	const struct sh_words *m = more_words(name);

	return m != NULL && m->valued != NULL && sh_has_word(m->valued, word, strlen(word));
}

static int
by_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct sh_row *)row)->name);
}

/* The command's own name; NULL where the path is not one of the system's. */
static const char *
base_name(const char *path)
{
	static const char *const dirs[] = {"/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/",
	    "/usr/local/bin/", "/usr/local/sbin/", NULL};
	const char *slash = strrchr(path, '/');
	size_t i;

	if (slash == NULL)
		return path;
	for (i = 0; dirs[i] != NULL; i++)
		if (strlen(dirs[i]) == (size_t)(slash - path) + 1 &&
		    strncmp(path, dirs[i], strlen(dirs[i])) == 0)
			return slash + 1;
	/* /usr/lib/postgresql/15/bin/ */
	if ((strncmp(path, "/usr/lib/postgresql/", 20) == 0 ||
		strncmp(path, "/usr/pgsql-", 11) == 0) &&
	    strstr(path, "..") == NULL)
		return slash + 1;
	return NULL;
}

/* NAME=value in front: harmless for languages only. */
static size_t
assignments(struct sh *s, const struct sh_word *w, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		k = strcspn(w[i].text, "=");
		if (w[i].text[k] != '=' || k == 0 || w[i].is_quoted ||
		    strspn(w[i].text,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != k)
			break;
		if (!sh_has_word("LANG LC_ALL LC_TIME LC_NUMERIC LC_MESSAGES TZ COLUMNS LINES",
			w[i].text, k))
			sh_add(s, DANGER_OPAQUE, "environment",
			    "changes the environment a command runs in");
	}
	return i;
}

const struct sh_row *
sh_find(const struct sh_word *w)
{
	const char *name = w->is_expanded || w->is_pattern ? NULL : base_name(w->text);

	return name == NULL ? NULL : bsearch(name, sh_rows, sh_nrows, sizeof(*sh_rows), by_name);
}

void
sh_command(struct sh *s, const struct sh_word *w, size_t n)
{
	size_t skip = assignments(s, w, n);
	const char *name;
	const struct sh_row *r;

	if (skip == n)
		return;
	w += skip;
	n -= skip;
	name = w->is_expanded || w->is_pattern ? NULL : base_name(w->text);
	r = sh_find(w);
	if (name != NULL && r == NULL && strncmp(name, "mkfs", 4) == 0)
		sh_add(s, DANGER_DESTRUCTIVE, "mkfs", "makes a new file system over what is there");
	else if (r == NULL)
		sh_add(s, DANGER_OPAQUE, "unknown",
		    "is no command that is known here; it may do anything");
	else if (r->rule != NULL)
		r->rule(s, r, w, n);
	else if (r->danger == DANGER_READ)
		harmless(s, r, w, n);
	else if (only_shows(r, w, n))
		sh_add(s, DANGER_READ, r->name, "shows something, changes nothing");
	else
		sh_by_row(s, r, w, n);
}
