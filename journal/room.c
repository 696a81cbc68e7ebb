/*
 * Room on the disk for what must still be written when there is none left: outcomes, the record
 * that says so, the close. A file without a name holds it, so that a process that dies gives it
 * back; and nothing begins unless there is room for its outcome.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "arena.h"
#include "line.h"
#include "wait.h"
#include "writer.h"
#include "banned.h"

#define HELD ((off_t)4 << 20)	 /* what the nameless file holds */
#define AHEAD ((off_t)256 << 10) /* behind the end of the file, before each begin */
#define AGAIN_MS 10000
#define FEW_BYTES ((uint64_t)1 << 30) /* less than this, and than 5 %, is said */

int
room_is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* A limit on the size of files (EFBIG) says nothing of the disk: writes meet it when they do. */
static int
is_disk_full(int error)
{
	return room_is_full(error) && error != EFBIG;
}

static int
nameless(struct journal *j)
{
	char name[ID_CHARS + 16];
	int fd = openat(j->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	snprintf(name, sizeof(name), ".%s.reserve", j->session);
	fd = openat(j->dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlinkat(j->dirfd, name, 0);
	return fd;
}

void
room_hold(struct journal *j)
{
	off_t want = HELD;

	if (j->reserve_fd >= 0 && j->reserved >= HELD)
		return;
	if (j->reserve_fd < 0)
		j->reserve_fd = nameless(j);
	if (j->reserve_fd < 0) {
		j->reserved = room_is_full(errno) ? 0 : HELD;
		return;
	}
	/* Where the disk cannot promise room, there is nothing to wait for. */
	for (; want > j->reserved && want >= AHEAD; want /= 2) {
		if (fallocate(j->reserve_fd, 0, 0, want) == 0) {
			j->reserved = want;
			return;
		}
		if (!is_disk_full(errno)) {
			j->reserved = HELD;
			return;
		}
	}
}

void
room_release(struct journal *j)
{
	if (j->reserve_fd >= 0)
		close(j->reserve_fd);
	j->reserve_fd = -1;
	j->reserved = j->ahead = 0;
}

int
room_ahead(struct journal *j, struct err *e)
{
	room_hold(j);
	if (j->reserved < HELD) {
		j->is_low = 1;
		err_set(e, ERR_JOURNAL,
		    "could not begin: the disk of the journal %s is full, and the outcome would "
		    "find no room",
		    j->file);
		return err_hint(e, "Free 8 MB there; looking and safing work meanwhile.");
	}
	if (j->ahead >= j->size + AHEAD / 2)
		return 0;
	if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, j->size, AHEAD) == 0 || !is_disk_full(errno)) {
		j->ahead = j->size + AHEAD;
		return 0;
	}
	j->is_low = 1;
	err_set(e, ERR_JOURNAL, "could not reserve room for the outcome in the journal %s: %s",
	    j->file, strerror(errno));
	return err_hint(e, "Free 8 MB there; looking and safing work meanwhile.");
}

void
room_tick(struct journal *j)
{
	struct statvfs v;
	uint64_t left;

	if (j->fd < 0 || now_ms() < j->room_ms)
		return;
	j->room_ms = now_ms() + AGAIN_MS;
	if (fstatvfs(j->dirfd, &v) == 0) {
		left = (uint64_t)v.f_bavail * v.f_frsize;
		j->left = left < FEW_BYTES && v.f_bavail < v.f_blocks / 20 ? (int64_t)left : -1;
	}
	room_hold(j);
	if (!j->is_low || j->reserved < HELD)
		return;
	j->is_low = 0;
	journal_add(
	    j, "alarm", json_pack("{s:s}", "sentence", "the journal's disk has room again"), NULL);
}
