/*
 * Heads that this user's verify saw before: a file of lines "SESSION PART SEQ LEAF". A file that
 * has fewer records than were seen, or others, was cut or replaced, whatever its signatures say.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "seen.h"
#include "banned.h"

#define SEEN_MAX_BYTES ((size_t)4 << 20)
#define SEEN_MAX 30000

static int
parse_line(struct arena *a, char *line, struct seen_head *out)
{
	char *part, *seq, *leaf, *end;

	if ((part = strchr(line, ' ')) == NULL || (seq = strchr(part + 1, ' ')) == NULL ||
	    (leaf = strchr(seq + 1, ' ')) == NULL)
		return -1;
	*part++ = *seq++ = *leaf++ = '\0';
	if (!id_is_valid(line) || strlen(leaf) != SHA256_HEX - 1 ||
	    hex_decode(leaf, out->leaf, SHA256_BYTES) != 0)
		return -1;
	out->session = arena_strdup(a, line);
	out->part = (int)strtol(part, &end, 10);
	if (*end != '\0')
		return -1;
	out->seq = strtoull(seq, &end, 10);
	return *end == '\0' ? 0 : -1;
}

int
seen_load(struct arena *a, const char *file, struct seen *out, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct seen_head head;
	char *text, *line, *lf;
	struct stat st;
	size_t n = 0;
	ssize_t got;

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return errno == ENOENT ? 0
				       : err_set(e, ERR_FAILED,
					     "could not read the heads seen before in %s: %s", file,
					     strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (size_t)st.st_size > SEEN_MAX_BYTES) {
		close(fd);
		return err_set(e, ERR_FAILED,
		    "could not use the heads seen before in %s: it is not a file of yours", file);
	}
	text = arena_alloc(a, (size_t)st.st_size + 1);
	while (n < (size_t)st.st_size && (got = read(fd, text + n, (size_t)st.st_size - n)) > 0)
		n += (size_t)got;
	close(fd);
	text[n] = '\0';
	for (line = text; (lf = strchr(line, '\n')) != NULL; line = lf + 1) {
		*lf = '\0';
		if (parse_line(a, line, &head) != 0)
			continue;
		out->heads = arena_grow(a, out->heads, out->n, sizeof(head));
		out->heads[out->n++] = head;
	}
	return 0;
}

struct seen_head *
seen_find(const struct seen *s, const char *session, int part)
{
	size_t i;

	for (i = s->n; i-- > 0;)
		if (s->heads[i].part == part && strcmp(s->heads[i].session, session) == 0)
			return &s->heads[i];
	return NULL;
}

void
seen_note(struct arena *a, struct seen *s, const struct seen_head *head)
{
	struct seen_head *old = seen_find(s, head->session, head->part);

	if (old == NULL) {
		s->heads = arena_grow(a, s->heads, s->n, sizeof(*head));
		s->heads[s->n++] = *head;
		s->is_new = 1;
	} else if (head->seq > old->seq) {
		*old = *head;
		s->is_new = 1;
	}
}

static int
put(const char *file, const char *temp, const struct buf *b)
{
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t done = 0;
	ssize_t w;

	if (fd < 0)
		return -1;
	while (done < b->len && (w = write(fd, b->data + done, b->len - done)) > 0)
		done += (size_t)w;
	if (done < b->len || fsync(fd) != 0) {
		close(fd);
		return -1;
	}
	close(fd);
	return rename(temp, file);
}

int
seen_save(struct arena *a, const char *file, const struct seen *s, struct err *e)
{
	char hex[SHA256_HEX], id[ID_CHARS + 1], *dir, *temp, *p;
	struct buf b;
	size_t i;
	int r;

	if (!s->is_new)
		return 0;
	id_new(id);
	dir = arena_strdup(a, file);
	for (p = strchr(dir + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(dir, 0700); /* mostly there already */
		*p = '/';
	}
	temp = arena_printf(a, "%s.%s", file, id);
	buf_init(&b, SEEN_MAX_BYTES);
	for (i = s->n > SEEN_MAX ? s->n - SEEN_MAX : 0; i < s->n; i++) {
		hex_encode(s->heads[i].leaf, SHA256_BYTES, hex);
		buf_printf(&b, "%s %d %llu %s\n", s->heads[i].session, s->heads[i].part,
		    (unsigned long long)s->heads[i].seq, hex);
	}
	r = b.overflow ? -1 : put(file, temp, &b);
	buf_free(&b);
	if (r == 0)
		return 0;
	err_set(e, ERR_FAILED, "could not remember the verified heads in %s: %s", file,
	    strerror(errno));
	unlink(temp);
	return -1;
}
