/*
 * \i and \e: a text from a file, and from an editor. It is one unit, like a paste: shown, judged
 * whole, one plan. Must never run a line of a file by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/files.h"
#include "shell/line.h"
#include "shell/out.h"
#include "shell/repl.h"
#include "banned.h"

#define EDITOR_WORDS 16

void
files_fail(struct app *app, const char *sentence, const char *hint)
{
	struct err e = {0};

	err_set(&e, ERR_USAGE, "%s", sentence);
	err_hint(&e, "%s", hint);
	out_error(app, &e, NULL, 0);
	app->exit = ERR_USAGE;
}

/* The whole file, or NULL with the reason. A device or a fifo could wait for ever. */
static char *
read_text(struct arena *a, const char *name, size_t *len, const char **why)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	*why = strerror(errno);
	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		*why = "it is no regular file";
	else if (st.st_size > (off_t)LINE_INPUT_MAX)
		*why = "it is larger than 16 MiB";
	else {
		text = arena_alloc(a, (size_t)st.st_size + 1);
		while (*len < (size_t)st.st_size &&
		       (n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0)
			*len += (size_t)n;
	}
	close(fd);
	return text;
}

/* To the prompt, where Enter hands it over; at once where nobody types. */
static void
offer(struct app *app, const char *text, size_t len)
{
	while (len > 0 && strchr("\n\r \t", text[len - 1]) != NULL)
		len--;
	if (len == 0)
		out_line(app, STYLE_PLAIN, "the text is empty; nothing was run");
	else if (app->is_interactive && app->repl != NULL)
		repl_offer(app, text, len);
	else
		app_text(app, text, len);
}

void
files_include(struct app *app, const char *argument)
{
	struct arena *a = arena_new();
	const char *why = NULL;
	size_t len;
	char *text;

	if (argument[0] == '\0')
		files_fail(app, "\\i needs the name of a file; nothing was run", "\\i FILE");
	else if ((text = read_text(a, argument, &len, &why)) == NULL)
		files_fail(app,
		    arena_printf(a, "%s could not be read: %s; nothing was run", argument, why),
		    "Name a readable file; what it holds is shown before it runs.");
	else
		offer(app, text, len);
	arena_free(a);
}

/* A file of ours for the editor, 0600, with the text in it. */
static int
make_draft(struct arena *a, const char *text, size_t len, char **name)
{
	const char *dir = getenv("TMPDIR");
	int fd, ok;

	*name = arena_printf(a, "%s/holdfast-XXXXXX.sql", dir == NULL ? "/tmp" : dir);
	fd = mkstemps(*name, 4);
	if (fd < 0)
		return -1;
	ok = write(fd, text, len) == (ssize_t)len;
	close(fd);
	if (!ok)
		unlink(*name);
	return ok ? 0 : -1;
}

/* Runs the editor on the terminal. 0 where it ended well. */
static int
run_editor(struct arena *a, const char *file)
{
	const char *wish = getenv("VISUAL");
	char *argv[EDITOR_WORDS + 2], *save = NULL, *w;
	posix_spawnattr_t at;
	sigset_t none, plain;
	int n = 0, status = -1, rc;
	pid_t pid;

	if (wish == NULL || wish[0] == '\0')
		wish = getenv("EDITOR");
	if (wish == NULL || wish[0] == '\0')
		wish = "vi";
	for (w = strtok_r(arena_strdup(a, wish), " \t", &save); w != NULL && n < EDITOR_WORDS;
	     w = strtok_r(NULL, " \t", &save))
		argv[n++] = w;
	argv[n++] = arena_strdup(a, file);
	argv[n] = NULL;
	sigemptyset(&none);
	sigfillset(&plain);
	posix_spawnattr_init(&at);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setsigdefault(&at, &plain);
	fflush(stdout);
	rc = posix_spawnp(&pid, argv[0], NULL, &at, argv, environ);
	posix_spawnattr_destroy(&at);
	if (rc != 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

void
files_edit(struct app *app, const char *argument)
{
	struct arena *a = arena_new();
	const char *why = NULL;
	size_t len = 0;
	char *draft = NULL, *text = app->last_text;

	if (!app->is_interactive || app->repl == NULL) {
		files_fail(app, "\\e needs a terminal; nothing was run", "Use \\i FILE.");
	} else if (argument[0] != '\0' && (text = read_text(a, argument, &len, &why)) == NULL) {
		files_fail(app,
		    arena_printf(a, "%s could not be read: %s; nothing was run", argument, why),
		    "\\e alone edits the last text.");
	} else if (make_draft(a, text == NULL ? "" : text,
		       argument[0] != '\0' ? len : app->last_len, &draft) != 0) {
		files_fail(app, "no file could be made for the editor; nothing was run",
		    "Set TMPDIR to a directory that can be written.");
	} else if (run_editor(a, draft) != 0) {
		files_fail(app, "the editor could not be started, or failed; nothing was run",
		    "Set EDITOR to a program that is there.");
	} else if ((text = read_text(a, draft, &len, &why)) == NULL) {
		files_fail(app, "what the editor left could not be read; nothing was run", why);
	} else
		offer(app, text, len);
	if (draft != NULL)
		unlink(draft);
	arena_free(a);
}
