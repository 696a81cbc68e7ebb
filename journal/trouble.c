/*
 * What is wrong with keeping the journal: said to who asks, and written into it, as it belongs into
 * the evidence.
 */
#include <string.h>

#include "arena.h"
#include "copy.h"
#include "writer.h"
#include "banned.h"

/* That the copy fell behind, and that it caught up, belongs into the evidence. */
static void
watch_copy(struct journal *j)
{
	struct arena *a = arena_new();
	char *trouble;

	jcopy_tick(j->copy);
	trouble = jcopy_trouble(a, j->copy);
	if ((trouble != NULL) != j->was_behind) {
		j->was_behind = trouble != NULL;
		if (trouble == NULL)
			trouble = arena_strdup(a, "the journal's copy is whole again");
		journal_add(j, "alarm",
		    json_pack("{s:o}", "sentence", journal_text(trouble, strlen(trouble))), NULL);
	}
	arena_free(a);
}

/* So does a disk that was waited for. */
static void
note_wait(struct journal *j)
{
	int seconds = (int)(j->waited_ms / 1000);

	if (seconds == 0)
		return;
	j->waited_ms = 0;
	j->waited_s = seconds;
	journal_add(j, "alarm",
	    json_pack("{s:o}", "sentence",
		json_sprintf("the disk of the journal took %d s to answer", seconds)),
	    NULL);
}

int
journal_waited(struct journal *j)
{
	int seconds = j->waited_s;

	j->waited_s = 0;
	return seconds;
}

char *
journal_trouble(struct arena *a, const struct journal *j)
{
	if (j->fd < 0)
		return arena_strdup(a, "no directory takes the journal's records: only looking and "
				       "safing work");
	if (j->is_low)
		return arena_printf(
		    a, "the disk of the journal %s is full: nothing can begin", j->file);
	if (j->left >= 0)
		return arena_printf(a, "the disk of the journal %s has only %lld MB left", j->file,
		    (long long)(j->left >> 20));
	return j->copy == NULL ? NULL : jcopy_trouble(a, j->copy);
}

void
trouble_note(struct journal *j)
{
	note_wait(j);
	if (j->copy != NULL)
		watch_copy(j);
}
