/*
 * The lab's nodes: which shape has which, on which ports, and how one server is configured. Must
 * never let a server listen anywhere but on the loopback address, nor let anybody in without a
 * password.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "engines/lab_plan.h"
#include "hash.h"
#include "banned.h"

/* Below the range the kernel hands out by itself, so that a restart finds its port free. */
#define PORT_FIRST 20000
#define PORT_COUNT 12000
#define PORT_TRIES 200
#define DELAY_S 3600

static int
up_star(int i)
{
	return i == 0 ? -1 : 0;
}

static int
up_cascade(int i)
{
	return i - 1;
}

static int
up_tree(int i)
{
	return i == 0 ? -1 : (i - 1) / 2;
}

/* Three below each: thirty standbys are three levels. */
static int
up_fleet(int i)
{
	return i == 0 ? -1 : (i - 1) / 3;
}

static int
up_multi(int i)
{
	return i == 2 ? 0 : -1;
}

/* A shape: who follows whom. fixed > 0: it takes no number and has so many standbys. */
static const struct shape {
	const char *name;
	int fixed;
	int (*upstream)(int i);
	int is_sync, has_delay;
	int second, of; /* node `of` replicates from `second` as well; only with channels */
} shapes[] = {
    {"single", 0, up_star, 0, 0, -1, -1},
    {"star", -1, up_star, 0, 0, -1, -1},
    {"cascade", -1, up_cascade, 0, 0, -1, -1},
    {"tree", -1, up_tree, 0, 0, -1, -1},
    {"fleet", -1, up_fleet, 0, 0, -1, -1},
    {"sync", -1, up_star, 1, 0, -1, -1},
    {"delayed", 2, up_star, 0, 1, -1, -1},
    {"dual", 1, up_star, 0, 0, 1, 0},
    {"multi", 2, up_multi, 0, 0, 1, 2},
};

static int
bad_shape(const char *text, struct err *e)
{
	err_set(e, ERR_USAGE, "%s is no shape of a lab", text);
	return err_hint(e,
	    "Take single, star:N, cascade:N, tree:N, fleet:N, sync:N or delayed (with mariadb also "
	    "dual or "
	    "multi, with mysql dual), N from 1 to %d.",
	    LAB_MAX_NODES - 1);
}

int
lab_shape(struct lab *l, struct err *e)
{
	const char *text = l->setup->shape, *colon = strchr(text, ':');
	size_t len = colon == NULL ? strlen(text) : (size_t)(colon - text), i;
	const struct shape *s = NULL;
	long n;
	char *end;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strlen(shapes[i].name) == len && memcmp(shapes[i].name, text, len) == 0)
			s = &shapes[i];
	if (s != NULL && s->second >= 0 &&
	    (l->kind == &lab_postgresql || (l->kind == &lab_mysql && s->of != 0)))
		s = NULL;
	if (s == NULL || (s->fixed >= 0) != (colon == NULL))
		return bad_shape(text, e);
	n = s->fixed;
	if (colon != NULL) {
		n = strtol(colon + 1, &end, 10);
		if (end == colon + 1 || *end != '\0' || n < 1 || n >= LAB_MAX_NODES)
			return bad_shape(text, e);
	}
	l->nnodes = (size_t)n + 1;
	l->nsync = s->is_sync ? (int)n : 0;
	for (i = 0; i < l->nnodes; i++) {
		snprintf(
		    l->nodes[i].name, sizeof(l->nodes[i].name), "%s%zu", l->kind->prefix, i + 1);
		l->nodes[i].upstream = s->upstream((int)i);
		l->nodes[i].second = (int)i == s->of ? s->second : -1;
		l->nodes[i].reserved = -1;
	}
	if (s->has_delay)
		l->nodes[n].delay_s = DELAY_S;
	return 0;
}

/*
 * A socket bound without SO_REUSEADDR, which fails where anybody else has the port, and which then
 * allows reuse: the server, which sets the option before it binds, gets the port; another lab's
 * try does not.
 */
static int
reserve(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd, on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
lab_reserve(struct lab *l, struct err *e)
{
	uint16_t r;
	size_t i;
	int try;

	for (i = 0; i < l->nnodes; i++) {
		for (try = 0; try < PORT_TRIES && l->nodes[i].reserved == -1; try++) {
			random_bytes(&r, sizeof(r));
			l->nodes[i].port = PORT_FIRST + r % PORT_COUNT;
			l->nodes[i].reserved = reserve(l->nodes[i].port);
		}
		for (try = 0; l->has_hosts && try < PORT_TRIES && l->nodes[i].ssh_reserved <= 0;
		     try++) {
			random_bytes(&r, sizeof(r));
			l->nodes[i].ssh_port = PORT_FIRST + r % PORT_COUNT;
			l->nodes[i].ssh_reserved = reserve(l->nodes[i].ssh_port);
		}
		if (l->nodes[i].reserved == -1 || l->nodes[i].ssh_reserved < 0)
			return err_set(e, ERR_FAILED, "could not find a free port on 127.0.0.1: %s",
			    strerror(errno));
	}
	return 0;
}

const char *
lab_data(const struct lab *l, size_t i)
{
	return arena_printf(l->arena, "%s/servers/%s", l->dir, l->nodes[i].name);
}

static void
standby_settings(const struct lab *l, size_t i, struct buf *b)
{
	const struct lab_member *m = &l->nodes[i];

	buf_printf(b,
	    "primary_conninfo = 'host=127.0.0.1 port=%d user=replicator application_name=%s "
	    "passfile=%s/servers/replicator.pgpass'\n",
	    l->nodes[m->upstream].port, m->name, l->dir);
	if (!l->setup->no_slots)
		buf_printf(b, "primary_slot_name = '%s'\n", m->name);
	if (m->delay_s > 0)
		buf_printf(b, "recovery_min_apply_delay = '%ds'\n", m->delay_s);
}

static void
settings(const struct lab *l, size_t i, struct buf *b)
{
	const struct lab_member *m = &l->nodes[i];
	size_t k;

	buf_printf(b,
	    "# a throw-away server of a holdfast lab\n"
	    "cluster_name = '%s'\nport = %d\nlisten_addresses = '127.0.0.1'\n"
	    "unix_socket_directories = '%s/sock'\n"
	    "password_encryption = 'scram-sha-256'\n"
	    "shared_buffers = '32MB'\nmax_connections = 60\nsuperuser_reserved_connections = 3\n"
	    "fsync = off\ncheckpoint_timeout = '30min'\n"
	    "wal_level = replica\nhot_standby = on\nmax_wal_senders = 20\n"
	    "max_replication_slots = 20\nwal_retrieve_retry_interval = "
	    "'500ms'\n"
	    "log_line_prefix = '%%m [%%p] %%q%%u@%%d %%a '\nlog_min_messages = warning\n"
	    "timezone = 'UTC'\nlog_timezone = 'UTC'\n",
	    m->name, m->port, l->dir);
	if (l->setup->no_slots)
		buf_puts(b, "wal_keep_size = '256MB'\n");
	if (m->upstream >= 0)
		standby_settings(l, i, b);
	if (l->nsync > 0 && m->upstream < 0) {
		buf_puts(b, "synchronous_standby_names = 'FIRST 1 (");
		for (k = 1; k < l->nnodes; k++)
			buf_printf(b, "%s%s", k > 1 ? ", " : "", l->nodes[k].name);
		buf_puts(b, ")'\n");
	}
}

int
lab_configure(struct lab *l, size_t i, struct err *e)
{
	static const char hba[] = "local all all scram-sha-256\n"
				  "host all all 127.0.0.1/32 scram-sha-256\n"
				  "host replication replicator 127.0.0.1/32 scram-sha-256\n";
	const char *name = arena_printf(l->arena, "servers/%s/postgresql.conf", l->nodes[i].name);
	struct buf b;
	int rc;

	buf_init(&b, 1 << 16);
	settings(l, i, &b);
	rc = lab_write(l, name, buf_str(&b), 0600, l->user.uid, l->user.gid, e);
	buf_free(&b);
	if (rc != 0)
		return -1;
	name = arena_printf(l->arena, "servers/%s/pg_hba.conf", l->nodes[i].name);
	if (lab_write(l, name, hba, 0600, l->user.uid, l->user.gid, e) != 0)
		return -1;
	if (l->nodes[i].upstream < 0)
		return 0;
	name = arena_printf(l->arena, "servers/%s/standby.signal", l->nodes[i].name);
	return lab_write(l, name, "", 0600, l->user.uid, l->user.gid, e);
}
