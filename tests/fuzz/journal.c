/*
 * Fuzz target: a journal file. Verifying, listing its records and drawing them must never crash,
 * and nothing but a file signed by a known person may ever be called sealed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct operators nobody = {0};
	struct journal_reader *r;
	struct verify_report report;
	struct record rec;
	struct err e;
	char *file;
	int fd = memfd_create("journal", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	file = arena_printf(a, "/proc/self/fd/%d", fd);
	journal_verify(a, file, &nobody, &report, &e);
	if (report.sentence == NULL || report.code == VERIFY_SEALED)
		abort();
	if (journal_reader_open(file, &r, &e) == 0) {
		while (journal_reader_next(r, &rec, &e) == 1)
			record_render(a, &rec);
		journal_reader_close(r);
	}
	close(fd);
	arena_free(a);
	return 0;
}
