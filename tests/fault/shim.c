/*
 * Preloaded into the fault driver: fails, shortens or interrupts the Nth call on a journal's
 * files, or kills the process there, and logs what reached the disk. From the environment:
 *	FAULT=CALL:N:WHAT[:TIMES]	CALL a name below or any; WHAT an errno's name, short, torn,
 *					kill (before the call), killafter, hang, stop (before and
 *					after the call, until woken); TIMES calls in a row (1)
 *	FAULT_GATE			a file: hang lasts for as long as it is there
 *	FAULT_LIMIT			bytes a file may have: then EFBIG
 *	FAULT_CLOCK=N:SECONDS		from the Nth look on, the time of day is off by so much
 *	FAULT_DIR			only calls on files below it count
 *	FAULT_LOG			lines: N call path, C created, W size, S synced size, F
 *failed sync, D directory synced, U unlinked
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
	char call[16], what[16];
	const char *dir, *gate;
	long n, times, seen, limit;
	long clock_n, clock_seen;
	long long clock_off;
	int log;
} shim = {.log = -1};

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void
start(void)
{
	const char *fault = getenv("FAULT"), *file = getenv("FAULT_LOG");
	const char *watch = getenv("FAULT_CLOCK");

	shim.dir = getenv("FAULT_DIR");
	shim.gate = getenv("FAULT_GATE");
	if (file != NULL)
		shim.log = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	shim.times = 1;
	shim.limit = getenv("FAULT_LIMIT") == NULL ? 0 : atol(getenv("FAULT_LIMIT"));
	if (fault != NULL && sscanf(fault, "%15[^:]:%ld:%15[^:]:%ld", shim.call, &shim.n, shim.what,
				 &shim.times) < 3)
		abort();
	if (watch != NULL && sscanf(watch, "%ld:%lld", &shim.clock_n, &shim.clock_off) != 2)
		abort();
}

static void
say(const char *what, const char *path, long long size)
{
	char line[PATH_MAX + 64];
	int n = snprintf(line, sizeof(line), "%s %s %lld\n", what, path, size);

	if (shim.log >= 0 && n > 0 && REAL(write)(shim.log, line, (size_t)n) != n)
		abort();
}

static int
is_ours(const char *path)
{
	return shim.dir != NULL && strncmp(path, shim.dir, strlen(shim.dir)) == 0;
}

static const char *
path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	return is_ours(path) ? path : NULL;
}

static int
error_number(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} all[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EINTR", EINTR}, {"EDQUOT", EDQUOT},
	    {"EMFILE", EMFILE}, {"EROFS", EROFS}, {"ESTALE", ESTALE}, {"EOPNOTSUPP", EOPNOTSUPP},
	    {"EWOULDBLOCK", EWOULDBLOCK}, {"EDEADLK", EDEADLK}};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].error;
	return 0;
}

static void
die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* 1: the call is the one that fails; errno is set, or 0 for short and torn. */
static int
fails(const char *call, const char *path)
{
	if (strcmp(shim.call, "any") != 0 && strcmp(shim.call, call) != 0) {
		say("N", call, 0);
		return 0;
	}
	shim.seen++;
	say("N", call, shim.seen);
	(void)path;
	if (shim.n == 0 || shim.seen < shim.n || shim.seen >= shim.n + shim.times)
		return 0;
	if (strcmp(shim.what, "kill") == 0)
		die();
	if (strcmp(shim.what, "stop") == 0)
		raise(SIGSTOP);
	while (strcmp(shim.what, "hang") == 0 && shim.gate != NULL && access(shim.gate, F_OK) == 0)
		usleep(10000);
	errno = error_number(shim.what);
	return error_number(shim.what) != 0 || strcmp(shim.what, "short") == 0 ||
	       strcmp(shim.what, "torn") == 0;
}

/* After the call. */
static void
after(const char *call)
{
	if ((strcmp(shim.call, "any") != 0 && strcmp(shim.call, call) != 0) || shim.n == 0 ||
	    shim.seen < shim.n || shim.seen >= shim.n + shim.times)
		return;
	if (strcmp(shim.what, "killafter") == 0)
		die();
	if (strcmp(shim.what, "stop") == 0)
		raise(SIGSTOP);
}

static long long
size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (long long)st.st_size : -1;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	char buf[PATH_MAX];
	const char *path = path_of(fd, buf);
	int error = errno, is_torn;
	ssize_t r;

	if (path == NULL)
		return REAL(write)(fd, p, n);
	is_torn = fails("write", path);
	if (is_torn && errno != 0)
		return -1;
	errno = error;
	if (is_torn)
		n = strcmp(shim.what, "short") == 0 ? 1 : (n + 1) / 2;
	if (shim.limit > 0 && size_of(fd) + (long long)n > shim.limit) {
		if (size_of(fd) >= shim.limit) {
			errno = EFBIG;
			return -1;
		}
		n = (size_t)(shim.limit - size_of(fd));
	}
	r = REAL(write)(fd, p, n);
	say("W", path, size_of(fd));
	if (is_torn && strcmp(shim.what, "torn") == 0)
		die();
	after("write");
	return r;
}

static int
sync_call(int (*real)(int), const char *call, int fd)
{
	char buf[PATH_MAX];
	const char *path = path_of(fd, buf);
	long long size;
	struct stat st;
	int r;

	if (path == NULL)
		return real(fd);
	if (fails(call, path)) {
		say("F", path, size_of(fd));
		return -1;
	}
	size = size_of(fd);
	r = real(fd);
	if (r == 0)
		say(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? "D" : "S", path, size);
	after(call);
	return r;
}

int
fdatasync(int fd)
{
	return sync_call(REAL(fdatasync), "fdatasync", fd);
}

int
fsync(int fd)
{
	return sync_call(REAL(fsync), "fsync", fd);
}

int
openat(int dirfd, const char *name, int flags, ...)
{
	char buf[PATH_MAX], whole[2 * PATH_MAX];
	const char *dir = dirfd == AT_FDCWD ? NULL : path_of(dirfd, buf);
	mode_t mode = 0;
	va_list ap;
	int fd;

	va_start(ap, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (dir == NULL)
		return REAL(openat)(dirfd, name, flags, mode);
	snprintf(whole, sizeof(whole), "%s/%s", dir, name);
	if (fails("openat", whole))
		return -1;
	fd = REAL(openat)(dirfd, name, flags, mode);
	if (fd >= 0 && (flags & O_CREAT))
		say("C", whole, 0);
	after("openat");
	return fd;
}

int
unlinkat(int dirfd, const char *name, int flags)
{
	char buf[PATH_MAX], whole[2 * PATH_MAX];
	const char *dir = path_of(dirfd, buf);
	int r;

	if (dir == NULL)
		return REAL(unlinkat)(dirfd, name, flags);
	snprintf(whole, sizeof(whole), "%s/%s", dir, name);
	if (fails("unlinkat", whole))
		return -1;
	r = REAL(unlinkat)(dirfd, name, flags);
	say("U", whole, 0);
	after("unlinkat");
	return r;
}

#define SIMPLE(name, declaration, fd, ...)                                                         \
	int name declaration                                                                       \
	{                                                                                          \
		char buf[PATH_MAX];                                                                \
		const char *path = path_of(fd, buf);                                               \
		int r;                                                                             \
                                                                                                   \
		if (path == NULL)                                                                  \
			return REAL(name)(__VA_ARGS__);                                            \
		if (fails(#name, path))                                                            \
			return -1;                                                                 \
		r = REAL(name)(__VA_ARGS__);                                                       \
		after(#name);                                                                      \
		return r;                                                                          \
	}

SIMPLE(fchmod, (int fd, mode_t mode), fd, fd, mode)
SIMPLE(flock, (int fd, int how), fd, fd, how)
SIMPLE(fallocate, (int fd, int mode, off_t at, off_t n), fd, fd, mode, at, n)
SIMPLE(ftruncate, (int fd, off_t n), fd, fd, n)

/* A close that fails has closed all the same. */
int
close(int fd)
{
	char buf[PATH_MAX];
	const char *path = path_of(fd, buf);
	int r, error;

	if (path == NULL)
		return REAL(close)(fd);
	r = fails("close", path) ? -1 : 0;
	error = errno;
	if (REAL(close)(fd) != 0)
		return -1;
	after("close");
	errno = error;
	return r;
}

/* Somebody sets the clock, between one look at it and the next. */
int
clock_gettime(clockid_t id, struct timespec *out)
{
	int r = REAL(clock_gettime)(id, out);

	if (r == 0 && id == CLOCK_REALTIME && shim.clock_n > 0 && ++shim.clock_seen >= shim.clock_n)
		out->tv_sec += (time_t)shim.clock_off;
	return r;
}
