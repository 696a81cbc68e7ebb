/*
 * Where an address names no host, as the ecosystem's own clients have it: host, port and socket of
 * the option files' [client] groups. Files that others may write are left alone, as those clients
 * do; what an include would add is not read. Must never take a line that is too long for a part of
 * one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engines/my_driver.h"
#include "text.h"
#include "banned.h"

#define LINE_BYTES 1024
#define LINES_MAX 10000

/* Read in this order; the last word counts. */
static const char *const groups[] = {"client", "client-server", "client-mariadb", "holdfast"};

static int
is_ours(const char *group)
{
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(group, groups[i]) == 0)
			return 1;
	return 0;
}

/* Without blanks at both ends and, for a value, quotes around it. In place. */
static char *
trimmed(char *s, int is_value)
{
	size_t n;

	s += strspn(s, " \t");
	for (n = strlen(s); n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL; n--)
		s[n - 1] = '\0';
	if (is_value && n > 1 && (s[0] == '"' || s[0] == '\'') && s[n - 1] == s[0]) {
		s[n - 1] = '\0';
		s++;
	}
	return s;
}

static void
take_line(char *line, struct my_place *out)
{
	char *eq = strchr(line, '='), *name, *value, *end;
	long port;

	if (eq == NULL)
		return;
	*eq = '\0';
	name = trimmed(line, 0);
	value = trimmed(eq + 1, 1);
	if (strcmp(name, "host") == 0 && strlen(value) < sizeof(out->host)) {
		text_copy(out->host, sizeof(out->host), value);
	} else if (strcmp(name, "socket") == 0 && value[0] == '/' &&
		   strlen(value) < sizeof(out->socket)) {
		text_copy(out->socket, sizeof(out->socket), value);
	} else if (strcmp(name, "port") == 0) {
		port = strtol(value, &end, 10);
		if (end != value && *end == '\0' && port >= 1 && port <= 65535)
			out->port = (int)port;
	}
}

void
my_place_read(FILE *f, struct my_place *out)
{
	char line[LINE_BYTES], *p, *close;
	int no, in = 0, is_rest = 0, is_whole;

	for (no = 0; no < LINES_MAX && fgets(line, sizeof(line), f) != NULL; no++) {
		is_whole = strchr(line, '\n') != NULL || feof(f);
		p = line + strspn(line, " \t");
		if (!is_rest && is_whole && *p == '[' && (close = strchr(p, ']')) != NULL) {
			*close = '\0';
			in = is_ours(p + 1);
		} else if (!is_rest && is_whole && in && *p != '#' && *p != ';' && *p != '!') {
			take_line(p, out);
		}
		is_rest = !is_whole;
	}
}

int
my_place_from_files(struct my_place *out)
{
	const char *home = getenv("HOME");
	char own[512] = "";
	const char *const files[] = {"/etc/my.cnf", "/etc/mysql/my.cnf", own};
	struct stat st;
	size_t i;
	FILE *f;

	if (home != NULL && home[0] == '/')
		snprintf(own, sizeof(own), "%.480s/.my.cnf", home);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files[i][0] == '\0' || (f = fopen(files[i], "re")) == NULL)
			continue;
		if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & S_IWOTH))
			my_place_read(f, out);
		fclose(f);
		/* A distribution's file names the socket of whatever server is here: nobody chose
		 * that one. */
		if (files[i] != own)
			out->socket[0] = '\0';
	}
	/* Who names a host does not mean a socket. */
	if (out->host[0] != '\0' && strcmp(out->host, "localhost") != 0)
		out->socket[0] = '\0';
	return out->host[0] != '\0' || out->socket[0] != '\0' ? 0 : -1;
}
