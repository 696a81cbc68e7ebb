/*
 * The site's program for a closed file (object storage, a log host): see closed.h.
 */
#include "arena.h"
#include "closed.h"
#include "program.h"
#include "banned.h"

int
closed_run(const char *const *words, size_t n, const char *file, int deadline_ms, struct err *e)
{
	struct arena *a = arena_new();
	int rc = program_run(
	    words, n, file, arena_printf(a, "the closed journal %s", file), deadline_ms, e);

	if (rc != 0)
		err_hint(e, "The file is there and whole: hand it over by hand, then mend %s.",
		    words[0]);
	arena_free(a);
	return rc;
}
