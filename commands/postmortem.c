/* postmortem: what the journals of one incident prove, as a document. Reads files, nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "command.h"
#include "postmortem.h"
#include "text.h"
#include "banned.h"

#define DOCUMENT_MAX ((size_t)512 << 20)
#define NOTES_MAX ((size_t)4 << 20)

/* A file of people's words: a regular one, of a size a person writes. */
static int
read_notes(struct arena *a, const char *file, struct postmortem_setup *s, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0)
		return err_set(e, ERR_FAILED, "could not read %s: %s", file, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > NOTES_MAX) {
		close(fd);
		return err_set(e, ERR_FAILED, "the notes %s are no file of at most 4 MB", file);
	}
	s->notes = text = arena_alloc(a, (size_t)st.st_size + 1);
	while ((n = read(fd, text + s->notes_len, (size_t)st.st_size - s->notes_len)) > 0)
		s->notes_len += (size_t)n;
	close(fd);
	return n == 0 ? 0 : err_set(e, ERR_FAILED, "could not read the notes %s", file);
}

static int
take_option(struct context *c, char **argv, int *i, struct postmortem_setup *s,
    struct operators *given, struct err *e)
{
	const char *name = argv[*i], *value = argv[*i + 1];
	int format;

	s->is_blameless |= strcmp(name, "--blameless") == 0;
	if (strcmp(name, "--blameless") == 0)
		return 0;
	if (value == NULL)
		return err_set(e, ERR_USAGE, "%s needs a value", name);
	(*i)++;
	if (strcmp(name, "--notes") == 0)
		return read_notes(c->arena, value, s, e);
	if (strcmp(name, "--operators") == 0) {
		s->operators = given;
		return operators_load(c->arena, value, given, e);
	}
	if (strcmp(name, "--format") != 0)
		return err_set(e, ERR_USAGE, "postmortem has no option %s", name);
	format = postmortem_format_parse(value);
	if (format < 0)
		return err_set(
		    e, ERR_USAGE, "--format is md, json, csv, html or notes, not \"%s\"", value);
	s->format = (enum postmortem_format)format;
	return 0;
}

/* Files and directories as they are; any other word is a session or an incident. */
static int
take_paths(
    struct context *c, const char **words, size_t n, struct postmortem_setup *s, struct err *e)
{
	const char **all = NULL, **files;
	struct stat st;
	size_t i, k, nfiles, nall = 0;

	for (i = 0; i < n; i++) {
		files = &words[i];
		nfiles = 1;
		if (strchr(words[i], '/') == NULL && stat(words[i], &st) != 0 &&
		    journal_resolve(c->arena, c->config->journal, c->config->njournal, words[i],
			&files, &nfiles, e) != 0)
			return -1;
		for (k = 0; k < nfiles; k++) {
			all = arena_grow(c->arena, all, nall, sizeof(*all));
			all[nall++] = files[k];
		}
	}
	s->paths = all;
	s->npaths = nall;
	return 0;
}

static void
show(struct context *c, struct buf *b, struct result *r)
{
	char **lines = NULL, *p = arena_strndup(c->arena, buf_str(b), b->len);
	size_t n = 0;

	r->view.json = c->is_json ? arena_strdup(c->arena, p) : NULL;
	for (; p != NULL && *p != '\0'; n++) {
		lines = arena_grow(c->arena, lines, n, sizeof(*lines));
		lines[n] = strsep(&p, "\n");
	}
	r->kind = RETURNS_VIEW;
	view_lines(c->arena, &r->view, lines, n);
}

static int
postmortem_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct postmortem_setup s = {.operators = c->operators,
	    .progress = c->progress,
	    .progress_ctx = c->progress_ctx,
	    .format = c->is_json ? POSTMORTEM_JSON : POSTMORTEM_MD};
	const char **words = arena_array(c->arena, (size_t)argc + 1, sizeof(*words));
	struct operators given;
	struct buf b;
	int i, rc, n = 0;

	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0)
			words[n++] = argv[i];
		else if (take_option(c, argv, &i, &s, &given, e) != 0)
			return -1;
	}
	if (n == 0)
		return err_set(e, ERR_USAGE, "postmortem needs journals, or an incident's name");
	if (take_paths(c, words, (size_t)n, &s, e) != 0)
		return -1;
	buf_init(&b, DOCUMENT_MAX);
	rc = postmortem_write(c->arena, &s, &b, e);
	if (rc == 0)
		show(c, &b, r);
	buf_free(&b);
	return rc;
}

const struct command command_postmortem = {
    .name = "postmortem",
    .args = "[--operators FILE] [--format md|json|csv|html|notes] [--notes FILE] [--blameless] "
	    "FILE...|INCIDENT",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL | AT_CLI | HAS_JSON,
    .help = "Write the postmortem of an incident, from its journals",
    .exec = postmortem_exec,
};
