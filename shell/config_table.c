/*
 * The options of holdfast.conf(5), one row each, and what is wrong with a value.
 */
#include <string.h>

#include "backup.h"
#include "shell/config_table.h"
#include "banned.h"

static const char has_password[] = "holds a password";

/* True where user information of a URL, before the @ of its host, has a colon. */
static int
has_url_password(const char *s)
{
	const char *p = strstr(s, "://"), *at, *end;

	if (p == NULL)
		return 0;
	p += 3;
	end = p + strcspn(p, "/?#");
	at = memchr(p, '@', (size_t)(end - p));
	return at != NULL && memchr(p, ':', (size_t)(at - p)) != NULL;
}

const char *
config_address_wrong(const char *s)
{
	const char *p;

	if (has_url_password(s))
		return has_password;
	for (p = s; (p = strcasestr(p, "password")) != NULL; p++)
		if (p[8 + strspn(p + 8, " \t")] == '=')
			return has_password;
	return NULL;
}

static const char *
path_wrong(const char *s)
{
	return strlen(s) > 3000 ? "is too long" : NULL;
}

static const char *
rest_wrong(const char *s)
{
	const char *colon = strrchr(s, ':');

	if (colon == NULL || colon == s || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon) > 6)
		return "is no HOST:PORT";
	return strcspn(s, "/ \r\n") != strlen(s) || strlen(s) > 250 ? "is no HOST:PORT" : NULL;
}

static const char *const engines[] = {"postgresql", "mariadb", "mysql", NULL};
static const char *const environments[] = {"production", "scratch", NULL};

static const char *
host_address_wrong(const char *s)
{
	if (s[0] == '-')
		return "begins with a dash";
	return s[strcspn(s, " @/\\'\"$`;&|<>()*?")] != '\0' || strlen(s) > 255
		   ? "is no host name or address"
		   : NULL;
}

static const char *
user_wrong(const char *s)
{
	return s[0] == '-' || s[strcspn(s, " @/\\'\"$`;&|<>()*?:")] != '\0' || strlen(s) > 64
		   ? "is no login name"
		   : NULL;
}

static const char *
there_wrong(const char *s)
{
	return s[0] != '/' ? "is no absolute path" : path_wrong(s);
}

static const char *const transports[] = {"libssh2", "openssh", "local", NULL};

static const struct conf_option host_options[] = {
    {.name = "transport",
	.type = CONF_WORD,
	.words = transports,
	.expected = "libssh2, openssh or local"},
    {.name = "address",
	.type = CONF_STRING,
	.wrong = host_address_wrong,
	.expected = "a host name or address, without user and port"},
    {.name = "port", .type = CONF_INT, .min = 1, .max = 65535, .expected = "a port"},
    {.name = "user", .type = CONF_STRING, .wrong = user_wrong, .expected = "a login name"},
    {.name = "known_hosts", .type = CONF_STRING, .wrong = path_wrong, .expected = "a path"},
    {.name = "key", .type = CONF_STRING, .wrong = path_wrong, .expected = "the path of a key"},
    {.name = "jump", .type = CONF_STRING, .expected = "the name of another host section"},
    {.name = "node_id",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of a file on that host"},
    {.name = "timeout", .type = CONF_INT, .min = 50, .max = 600000, .expected = "milliseconds"},
    {.name = NULL},
};

static const struct conf_option job_options[] = {
    {.name = "host", .type = CONF_STRING, .expected = "the name of a host section, or local"},
    {.name = "pause", .type = CONF_LIST, .expected = "a program and its arguments"},
    {.name = "resume", .type = CONF_LIST, .expected = "a program and its arguments"},
    {.name = "status", .type = CONF_LIST, .expected = "a program and its arguments"},
    {.name = NULL},
};

static const struct conf_option node_options[] = {
    {.name = "host", .type = CONF_STRING, .expected = "the name of a host section"},
    {.name = "address",
	.type = CONF_STRING,
	.wrong = config_address_wrong,
	.expected = "a libpq address without a password (a passfile holds those)"},
    {.name = "copy",
	.type = CONF_STRING,
	.wrong = config_address_wrong,
	.expected = "a libpq address without a password, or the path of a defaults file"},
    {.name = "patroni",
	.type = CONF_STRING,
	.wrong = rest_wrong,
	.expected = "HOST:PORT of the REST address of its Patroni"},
    {.name = "patroni_config",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of patronictl's configuration on its host"},
    {.name = "data_directory",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of its data directory on its host"},
    {.name = NULL},
};

static const struct conf_option cluster_options[] = {
    {.name = "engine",
	.type = CONF_WORD,
	.words = engines,
	.expected = "postgresql, mariadb or mysql"},
    {.name = "database", .type = CONF_STRING, .expected = "the name of a database"},
    {.name = "environment",
	.type = CONF_WORD,
	.words = environments,
	.expected = "production or scratch"},
    {.name = "connect_timeout",
	.type = CONF_INT,
	.min = 50,
	.max = 600000,
	.expected = "milliseconds"},
    {.name = "query_timeout",
	.type = CONF_INT,
	.min = 50,
	.max = 600000,
	.expected = "milliseconds"},
    {.name = "scratch_address",
	.type = CONF_STRING,
	.expected = "HOST:PORT of the only server that is scratch"},
    {.name = "scratch_data_directory",
	.type = CONF_STRING,
	.wrong = path_wrong,
	.expected = "the data directory of the only server that is scratch"},
    {.name = "node", .type = CONF_SECTION, .of = node_options},
    {.name = NULL},
};

static const struct conf_option person_options[] = {
    {.name = "key", .type = CONF_STRING, .wrong = path_wrong, .expected = "the path of a key"},
    {.name = "passfile",
	.type = CONF_STRING,
	.wrong = path_wrong,
	.expected = "the path of a libpq passfile"},
    {.name = "user", .type = CONF_STRING, .expected = "a login name at the servers"},
    {.name = NULL},
};

static const struct conf_option backup_options[] = {
    {.name = "cluster", .type = CONF_STRING, .expected = "the name of a cluster section"},
    {.name = "method",
	.type = CONF_WORD,
	.words = backup_method_names,
	.expected = "pg_dump, mariadb-dump, pgbackrest, snapshot, mariadb-backup, mydumper, "
		    "command or file"},
    {.name = "path",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of a directory"},
    {.name = "pattern", .type = CONF_STRING, .expected = "a pattern of file names, *.dump"},
    {.name = "database", .type = CONF_STRING, .expected = "the name of a database"},
    {.name = "every", .type = CONF_INT, .min = 1, .max = 8760, .expected = "hours"},
    {.name = "log",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of a file"},
    {.name = "heartbeat",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of a file"},
    {.name = "stanza", .type = CONF_STRING, .expected = "the name of a stanza"},
    {.name = "config",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of the tool's configuration file"},
    {.name = "proofs",
	.type = CONF_STRING,
	.wrong = there_wrong,
	.expected = "the absolute path of a directory"},
    {.name = "command", .type = CONF_LIST, .expected = "a program and its arguments"},
    {.name = NULL},
};

const struct conf_option config_options[] = {
    {.name = "operators", .type = CONF_STRING, .wrong = path_wrong, .expected = "a path"},
    {.name = "policy", .type = CONF_STRING, .wrong = path_wrong, .expected = "a path"},
    {.name = "spool", .type = CONF_STRING, .wrong = path_wrong, .expected = "a path"},
    {.name = "journal", .type = CONF_LIST, .wrong = path_wrong, .expected = "a list of paths"},
    {.name = "journal_copy", .type = CONF_STRING, .wrong = path_wrong, .expected = "a path"},
    {.name = "journal_closed",
	.type = CONF_LIST,
	.wrong = path_wrong,
	.expected = "a program and its arguments"},
    {.name = "status_page", .type = CONF_LIST, .expected = "a program and its arguments"},
    {.name = "history", .type = CONF_STRING, .wrong = path_wrong, .expected = "a path"},
    {.name = "person", .type = CONF_SECTION, .of = person_options},
    {.name = "host", .type = CONF_SECTION, .of = host_options},
    {.name = "job", .type = CONF_SECTION, .of = job_options},
    {.name = "backup", .type = CONF_SECTION, .of = backup_options},
    {.name = "cluster", .type = CONF_SECTION, .of = cluster_options},
    {.name = NULL},
};
