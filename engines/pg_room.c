/*
 * How much room a server's disk has, where that can be learned without asking the server: it has no
 * question for it. Must never take another machine's directory for the server's: the process that
 * serves this very connection is looked for among the processes here, by the port we speak from.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engines/pg_probe.h"
#include "banned.h"

/* "(40112)" or "[local]": how a server process calls the client it serves. */
static int
client_mark(const struct pg_conn *c, char *out, size_t size)
{
	struct sockaddr_storage s;
	socklen_t len = sizeof(s);

	memset(&s, 0, sizeof(s));
	if (getsockname(PQsocket(c->pq), (struct sockaddr *)&s, &len) != 0)
		return -1;
	if (s.ss_family == AF_UNIX)
		snprintf(out, size, "[local]");
	else if (s.ss_family == AF_INET)
		snprintf(out, size, "(%u)", ntohs(((struct sockaddr_in *)&s)->sin_port));
	else if (s.ss_family == AF_INET6)
		snprintf(out, size, "(%u)", ntohs(((struct sockaddr_in6 *)&s)->sin6_port));
	else
		return -1;
	return 0;
}

static int
runs_here(const struct pg_conn *c)
{
	char path[64], title[512], mark[32];
	ssize_t n;
	int fd;

	if (client_mark(c, mark, sizeof(mark)) != 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", PQbackendPID(c->pq));
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	n = read(fd, title, sizeof(title) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	title[n] = '\0';
	return strncmp(title, "postgres:", 9) == 0 && strstr(title, mark) != NULL;
}

int64_t
pg_disk_free(const struct pg_conn *c, const char *data_directory)
{
	static const char *const where[] = {"/pg_wal", ""};
	struct statvfs v;
	char path[4096];
	size_t i;

	if (data_directory == NULL || data_directory[0] != '/' || !runs_here(c))
		return -1;
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s", data_directory, where[i]);
		if (statvfs(path, &v) == 0)
			return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
	}
	return -1;
}
