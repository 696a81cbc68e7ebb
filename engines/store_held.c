/*
 * Requests whose session lives: see store_file.h. The session keeps a shared lock on what it filed,
 * and the kernel lets go of it however the session ends. Must never wait for a lock: others can
 * take one, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engines/store_file.h"
#include "hash.h"
#include "text.h"
#include "banned.h"

struct held {
	struct held *next;
	char id[ID_CHARS + 1];
	int fd;
};

void
held_add(struct held **list, const char *id, int fd)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort();
	text_copy(h->id, sizeof(h->id), id);
	h->fd = fd;
	h->next = *list;
	*list = h;
}

void
held_drop(struct held **list, const char *id)
{
	struct held *h;

	while ((h = *list) != NULL) {
		if (id != NULL && strcmp(h->id, id) != 0) {
			list = &h->next;
			continue;
		}
		*list = h->next;
		close(h->fd);
		free(h);
	}
}

int
held_is(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	int is_held;

	if (fd == -1)
		return errno != ENOENT;
	is_held = flock(fd, LOCK_EX | LOCK_NB) == -1;
	close(fd);
	return is_held;
}
