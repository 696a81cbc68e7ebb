/*
 * Finding the predecessor of a new journal file. What is found is only quoted: a file that does
 * not hold together is quoted as it stands (its last line's leaf, its tail), and left alone.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "parent.h"
#include "writer.h"
#include "banned.h"

void
jparent_boot_id(char *out, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static const char *
base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? file : slash + 1;
}

/* {session, seq, leaf, file, closed, tail}; NULL where the file is alive or has no record. */
static json_t *
quote(struct arena *a, const struct journal_entry *entry)
{
	char leaf_hex[SHA256_HEX], tail_hex[SHA256_HEX];
	uint8_t leaf[SHA256_BYTES];
	struct jlast last;
	struct jhead head;
	json_t *out;
	off_t size;
	int is_live, fd = jfile_open(entry->file, &size, &is_live, NULL);

	if (fd < 0)
		return NULL;
	if (is_live || jfile_last(a, fd, size, &last) != 0 ||
	    jline_head(last.line, last.len, &head) != 0) {
		close(fd);
		return NULL;
	}
	close(fd);
	jline_leaf(last.line, last.len, leaf);
	hex_encode(leaf, sizeof(leaf), leaf_hex);
	out = json_pack("{s:s,s:I,s:s,s:s,s:b}", "session", entry->session, "seq",
	    (json_int_t)head.seq, "leaf", leaf_hex, "file", base_name(entry->file), "closed",
	    entry->is_closed);
	if (out != NULL && !entry->is_closed) {
		sha256_hex(last.tail, last.ntail, tail_hex);
		json_object_set_new(out, "tail",
		    json_pack("{s:I,s:s}", "bytes", (json_int_t)last.ntail, "sha256", tail_hex));
	}
	return out;
}

/* True where the file's open is by this person on this host. */
static int
is_ours(const struct journal_entry *entry, const char *person)
{
	struct journal_reader *r;
	char host[256] = "";
	struct record rec;
	int ours;

	if (strcmp(entry->person, person) != 0 || journal_reader_open(entry->file, &r, NULL) != 0)
		return 0;
	gethostname(host, sizeof(host) - 1);
	ours = journal_reader_next(r, &rec, NULL) == 1 &&
	       strcmp(json_text_of(rec.json, "host"), host) == 0;
	journal_reader_close(r);
	return ours;
}

void
jparent_find(struct jparent *out, struct journal *j)
{
	struct arena *a = arena_new();
	struct journal_entry *list;
	size_t n, i;

	/* A directory that cannot be read has no predecessor for us. */
	if (journal_list(a, j->dirs, j->ndirs, &list, &n, NULL) != 0)
		n = 0;
	for (i = 0; i < n && out->json == NULL; i++)
		if (!list[i].is_live && is_ours(&list[i], j->person))
			out->json = quote(a, &list[i]);
	arena_free(a);
}

void
jparent_own(struct jparent *out, struct journal *j)
{
	char leaf[SHA256_HEX];

	hex_encode(j->durable.leaf, SHA256_BYTES, leaf);
	out->json = json_pack("{s:s,s:I,s:s,s:s,s:b}", "session", j->session, "seq",
	    (json_int_t)j->durable.records - 1, "leaf", leaf, "file", base_name(j->file), "closed",
	    0);
}
