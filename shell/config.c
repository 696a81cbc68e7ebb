/*
 * holdfast.conf(5): see shell/config.h. Must never take a secret, nor guess what a wrong line
 * meant.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engine.h"
#include "shell/config.h"
#include "shell/config_table.h"
#include "text.h"
#include "banned.h"

#define TIMEOUT_MS 2000

static const char *
home(struct arena *a)
{
	const char *h = getenv("HOME");
	struct passwd *p;

	if (h != NULL && h[0] == '/')
		return arena_strdup(a, h);
	p = getpwuid(geteuid());
	return p == NULL || p->pw_dir == NULL || p->pw_dir[0] != '/' ? "/"
								     : arena_strdup(a, p->pw_dir);
}

/* Absolute, from the directory of the file; ~/ is the home directory. */
static const char *
path(struct arena *a, const char *dir, const char *p)
{
	if (p == NULL || p[0] == '/')
		return p;
	if (strncmp(p, "~/", 2) == 0)
		return arena_printf(a, "%s/%s", home(a), p + 2);
	return arena_printf(a, "%s/%s", dir, p);
}

static const char *
state_dir(struct arena *a)
{
	const char *x = getenv("XDG_STATE_HOME");

	if (x != NULL && x[0] == '/')
		return arena_printf(a, "%s/holdfast", x);
	return arena_printf(a, "%s/.local/state/holdfast", home(a));
}

static void
fill_defaults(struct arena *a, struct config *c)
{
	if (c->njournal == 0) {
		c->journal = arena_alloc(a, sizeof(*c->journal));
		c->journal[0] = arena_printf(a, "%s/journal", state_dir(a));
		c->njournal = 1;
	}
	if (c->history == NULL)
		c->history = arena_printf(a, "%s/history", state_dir(a));
}

struct loading {
	struct arena *arena;
	const char *file, *dir;
	struct err *err;
};

static int
section_mistake(const struct loading *l, cfg_t *c, const char *what, const char *expected)
{
	return err_set(l->err, ERR_CONFIG, "%s:%d: %s \"%s\" %s; expected %s", l->file,
	    conf_line(c), cfg_name(c), cfg_title(c), what, expected);
}

static int
fill_node(const struct loading *l, cfg_t *c, struct node_config *out)
{
	out->name = arena_strdup(l->arena, cfg_title(c));
	out->address = conf_string(l->arena, c, "address");
	out->copy = conf_string(l->arena, c, "copy");
	out->patroni = conf_string(l->arena, c, "patroni");
	out->host = conf_string(l->arena, c, "host");
	out->patroni_config = conf_string(l->arena, c, "patroni_config");
	out->data_directory = conf_string(l->arena, c, "data_directory");
	out->file = l->file;
	out->line = conf_line(c);
	return out->address != NULL
		   ? 0
		   : section_mistake(l, c, "has no address", "address = \"host=... port=...\"");
}

/* In the engine's own words, before anything is dialled. */
static int
check_address(const struct loading *l, const struct cluster_config *x, const struct node_config *n)
{
	const struct engine *g = engine_by_name(x->engine);
	struct err why = {0};

	if (g == NULL || g->address == NULL || g->address(n->address, &why) == 0)
		return 0;
	return err_set(l->err, ERR_CONFIG,
	    "%s:%d: the address of node \"%s\" %s; expected \"host=NAME port=NUMBER ...\" or a URL",
	    l->file, n->line, n->name, why.msg);
}

static int
check_cluster(const struct loading *l, cfg_t *c, const struct cluster_config *x)
{
	size_t i, k;

	if (x->nnodes == 0)
		return section_mistake(
		    l, c, "has no node", "at least one node \"NAME\" { address = ... }");
	for (i = 0; i < x->nnodes; i++)
		if (check_address(l, x, &x->nodes[i]) != 0)
			return -1;
	for (i = 0; i < x->nnodes; i++)
		for (k = 0; k < i; k++)
			if (strcmp(x->nodes[i].address, x->nodes[k].address) == 0)
				return err_set(l->err, ERR_CONFIG,
				    "%s:%d: nodes \"%s\" and \"%s\" have the same address; "
				    "expected one "
				    "node for each server",
				    l->file, x->nodes[i].line, x->nodes[k].name, x->nodes[i].name);
	if (strcmp(x->environment, "scratch") == 0 &&
	    (x->scratch_address == NULL || x->scratch_data_directory == NULL))
		return section_mistake(l, c, "is scratch but bound to no server",
		    "scratch_address and scratch_data_directory, since a clone of a production "
		    "server "
		    "looks just like it");
	if (strcmp(x->environment, "scratch") != 0 &&
	    (x->scratch_address != NULL || x->scratch_data_directory != NULL))
		return section_mistake(l, c, "is bound like a scratch server and is none",
		    "environment = scratch, or neither scratch_address nor scratch_data_directory");
	return 0;
}

static int
fill_cluster(const struct loading *l, cfg_t *c, struct cluster_config *out)
{
	struct arena *a = l->arena;
	size_t i;

	out->name = arena_strdup(a, cfg_title(c));
	out->engine = conf_string(a, c, "engine");
	if (out->engine == NULL)
		out->engine = "postgresql";
	out->database = conf_string(a, c, "database");
	out->environment = conf_string(a, c, "environment");
	if (out->environment == NULL)
		out->environment = "production";
	out->connect_timeout_ms = (int)conf_int(c, "connect_timeout", TIMEOUT_MS);
	out->query_timeout_ms = (int)conf_int(c, "query_timeout", TIMEOUT_MS);
	out->scratch_address = conf_string(a, c, "scratch_address");
	out->scratch_data_directory = path(a, l->dir, conf_string(a, c, "scratch_data_directory"));
	out->nnodes = cfg_size(c, "node");
	out->nodes = arena_array(a, out->nnodes, sizeof(*out->nodes));
	for (i = 0; i < out->nnodes; i++)
		if (fill_node(l, cfg_getnsec(c, "node", (unsigned int)i), &out->nodes[i]) != 0)
			return -1;
	return check_cluster(l, c, out);
}

static void
fill_person(const struct loading *l, cfg_t *c, struct person_config *out)
{
	struct arena *a = l->arena;

	out->name = arena_strdup(a, cfg_title(c));
	out->key = path(a, l->dir, conf_string(a, c, "key"));
	out->passfile = path(a, l->dir, conf_string(a, c, "passfile"));
	out->user = conf_string(a, c, "user");
}

static int
fill_hosts(const struct loading *l, cfg_t *c, struct config *out)
{
	size_t i;

	out->nhosts = cfg_size(c, "host");
	out->hosts = arena_array(l->arena, out->nhosts + 1, sizeof(*out->hosts));
	for (i = 0; i < out->nhosts; i++)
		config_host(l->arena, cfg_getnsec(c, "host", (unsigned int)i), &out->hosts[i]);
	for (i = 0; i < out->nhosts; i++) {
		out->hosts[i].file = l->file;
		out->hosts[i].known_hosts = path(l->arena, l->dir, out->hosts[i].known_hosts);
		out->hosts[i].key = path(l->arena, l->dir, out->hosts[i].key);
	}
	out->njobs = cfg_size(c, "job");
	out->jobs = arena_array(l->arena, out->njobs + 1, sizeof(*out->jobs));
	for (i = 0; i < out->njobs; i++)
		config_job(l->arena, cfg_getnsec(c, "job", (unsigned int)i), &out->jobs[i]);
	for (i = 0; i < out->nclusters; i++) {
		out->clusters[i].hosts = out->hosts;
		out->clusters[i].nhosts = out->nhosts;
	}
	return config_hosts_check(out, l->err);
}

static int
fill(const struct loading *l, cfg_t *c, struct config *out)
{
	struct arena *a = l->arena;
	size_t i;

	out->file = l->file;
	out->operators = path(a, l->dir, conf_string(a, c, "operators"));
	out->policy = path(a, l->dir, conf_string(a, c, "policy"));
	out->spool = path(a, l->dir, conf_string(a, c, "spool"));
	out->history = path(a, l->dir, conf_string(a, c, "history"));
	out->njournal = conf_list(a, c, "journal", &out->journal);
	for (i = 0; i < out->njournal; i++)
		out->journal[i] = path(a, l->dir, out->journal[i]);
	out->journal_copy = path(a, l->dir, conf_string(a, c, "journal_copy"));
	out->njournal_closed = conf_list(a, c, "journal_closed", &out->journal_closed);
	out->nstatus_page = conf_list(a, c, "status_page", &out->status_page);
	out->npersons = cfg_size(c, "person");
	out->persons = arena_array(a, out->npersons, sizeof(*out->persons));
	for (i = 0; i < out->npersons; i++)
		fill_person(l, cfg_getnsec(c, "person", (unsigned int)i), &out->persons[i]);
	out->nclusters = cfg_size(c, "cluster");
	out->clusters = arena_array(a, out->nclusters, sizeof(*out->clusters));
	for (i = 0; i < out->nclusters; i++)
		if (fill_cluster(
			l, cfg_getnsec(c, "cluster", (unsigned int)i), &out->clusters[i]) != 0)
			return -1;
	if (fill_hosts(l, c, out) != 0)
		return -1;
	out->nbackups = cfg_size(c, "backup");
	out->backups = arena_array(a, out->nbackups, sizeof(*out->backups));
	for (i = 0; i < out->nbackups; i++)
		if (config_backup(a, l->file, cfg_getnsec(c, "backup", (unsigned int)i),
			&out->backups[i], l->err) != 0)
			return -1;
	fill_defaults(a, out);
	return 0;
}

int
config_parse(struct arena *a, const char *file, const char *dir, const char *text, size_t len,
    struct config *out, struct err *e)
{
	struct loading l = {a, arena_strdup(a, file), dir, e};
	cfg_t *c;
	int rc;

	memset(out, 0, sizeof(*out));
	if (conf_parse(a, config_options, l.file, text, len, &c, e) != 0)
		return -1;
	rc = fill(&l, c, out);
	cfg_free(c);
	return rc;
}

/* What nobody named is taken only where it is there; what somebody named must be there. */
static const char *
find_file(struct arena *a)
{
	const char *env = getenv("HOLDFAST_CONFIG"), *mine;

	if (env != NULL && env[0] != '\0')
		return arena_strdup(a, env);
	mine = arena_printf(a, "%s/.config/holdfast/holdfast.conf", home(a));
	if (access(mine, F_OK) == 0 || errno != ENOENT)
		return mine;
	return access("/etc/holdfast/holdfast.conf", F_OK) == 0 ? "/etc/holdfast/holdfast.conf"
								: NULL;
}

int
config_load(struct arena *a, const char *file, struct config *out, struct err *e)
{
	char *text, *real, *slash;
	const char *dir;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (file == NULL)
		file = find_file(a);
	if (file == NULL) {
		fill_defaults(a, out);
		return 0;
	}
	if (conf_read(a, file, &text, &len, e) != 0)
		return -1;
	real = realpath(file, NULL);
	if (real == NULL)
		return err_set(e, ERR_CONFIG, "%s could not be read: %s", file, strerror(errno));
	slash = strrchr(real, '/');
	dir = slash == real ? "" : arena_strndup(a, real, (size_t)(slash - real));
	file = arena_strdup(a, real);
	free(real);
	return config_parse(a, file, dir, text, len, out, e);
}

/* The host and port of a URL as a name: what a name may not hold becomes a dash. */
static const char *
url_name(struct arena *a, const char *url)
{
	const char *p = strstr(url, "://") + 3, *at;
	size_t n = strcspn(p, "/?#"), i;
	char *name;

	at = memchr(p, '@', n);
	if (at != NULL) {
		n -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	name = arena_printf(a, "%.*s", n > 60 ? 60 : (int)n, p);
	for (i = 0; name[i] != '\0'; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			name[i]) == NULL ||
		    (i == 0 && (name[i] == '.' || name[i] == '-')))
			name[i] = i == 0 ? 'n' : '-';
	return name[0] == '\0' ? "local" : name;
}

int
config_from_url(struct arena *a, const char *url, struct config *out, struct err *e)
{
	const struct engine *g = strlen(url) > 2000 ? NULL : engine_by_url(url);
	struct cluster_config *c = arena_alloc(a, sizeof(*c));
	const char *shown = text_fit(a, url, strlen(url), 100);

	if (config_address_wrong(url) != NULL) {
		err_set(e, ERR_CONFIG, "the URL holds a password; nothing was connected");
		return err_hint(e,
		    "Leave it out: a passfile (~/.pgpass), PGPASSFILE or a service file holds it.");
	}
	if (g == NULL || strstr(url, "://") == NULL || text_is_exotic(url, strlen(url)) ||
	    strpbrk(url, " \n\t") != NULL)
		return err_set(e, ERR_USAGE,
		    "\"%s\" is no URL of a known engine; expected postgresql://HOST:PORT/DATABASE",
		    shown);
	c->name = url_name(a, url);
	c->engine = g->name;
	c->environment = "production";
	c->connect_timeout_ms = c->query_timeout_ms = TIMEOUT_MS;
	c->nodes = arena_alloc(a, sizeof(*c->nodes));
	c->nodes[0].name = c->name;
	c->nodes[0].address = arena_strdup(a, url);
	c->nnodes = 1;
	out->clusters = c;
	out->nclusters = 1;
	fill_defaults(a, out);
	return 0;
}
