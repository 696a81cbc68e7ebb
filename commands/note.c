/*
 * note TEXT: a sentence of the operator's, into the journal.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/note.h"
#include "banned.h"

#define NOTE_MAX ((size_t)64 << 10)

int
note_entry(struct context *c, int skip, struct result *r, struct err *e)
{
	const char *p = c->line, *end = c->line + c->line_len;

	/* The rest of the line as it was typed, after `skip` words. */
	for (; skip >= 0; skip--) {
		while (p < end && strchr(" \t\n", *p) != NULL)
			p++;
		while (skip > 0 && p < end && strchr(" \t\n", *p) == NULL)
			p++;
	}
	while (end > p && strchr(" \t\n", end[-1]) != NULL)
		end--;
	if (p == end)
		return err_set(e, ERR_USAGE, "a note needs a text");
	if ((size_t)(end - p) > NOTE_MAX)
		return err_set(e, ERR_USAGE, "the note is longer than 64 kB; nothing was noted");
	r->kind = RETURNS_ENTRY;
	r->entry.type = "note";
	r->entry.body = json_pack(
	    "{s:o,s:s}", "text", journal_text(p, (size_t)(end - p)), "incident", c->incident);
	r->entry.say = "noted";
	return 0;
}

static int
note_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc;
	(void)argv;
	return note_entry(c, 1, r, e);
}

const struct command command_note = {
    .name = "note",
    .args = "TEXT",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL,
    .help = "Write a sentence into the journal",
    .exec = note_exec,
};
