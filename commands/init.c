/*
 * init: a configuration from what was seen of a cluster. Whatever can be seen is not asked; what
 * cannot is left as a comment that says how. The shell writes the files, and never over others.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "command.h"
#include "commands/init.h"
#include "text.h"
#include "banned.h"

#define KEY_MAX 4096

/* The one line of a public key's file; NULL where it is none. */
static const char *
read_public(struct arena *a, const char *path)
{
	char text[KEY_MAX];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	return text_is_exotic(text, strlen(text)) ? NULL : arena_strdup(a, text);
}

static void
find_newcomer(struct context *c, struct newcomer *who)
{
	static const char *const keys[] = {"id_ed25519", "id_ecdsa"};
	struct passwd *p = getpwuid(geteuid());
	const char *home = getenv("HOME"), *path;
	size_t i;

	who->home = arena_strdup(c->arena, home != NULL && home[0] == '/' ? home
					   : p != NULL			  ? p->pw_dir
									  : "/");
	who->name = c->person[0] != '\0' ? c->person
		    : p != NULL		 ? arena_strdup(c->arena, p->pw_name)
					 : "me";
	if (!text_is_name(who->name, 32))
		who->name = "me";
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && who->public == NULL; i++) {
		path = arena_printf(c->arena, "%s/.ssh/%s", who->home, keys[i]);
		if (access(path, R_OK) != 0)
			continue;
		who->key = path;
		who->public = read_public(c->arena, arena_printf(c->arena, "%s.pub", path));
	}
}

static const char *
cluster_name(const struct context *c)
{
	return text_is_name(c->session->database, 32) ? c->session->database
						      : c->cluster_config->name;
}

static const char *
target(struct context *c, const char *home, const char *word)
{
	char here[4096];

	if (word == NULL)
		return arena_printf(c->arena, "%s/.config/holdfast/holdfast.conf", home);
	if (word[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		return word;
	return arena_printf(c->arena, "%s/%s", here, word);
}

static int
init_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct newcomer who = {0};
	struct new_file *files = arena_array(c->arena, 2, sizeof(*files));
	char **lines = arena_array(c->arena, 6, sizeof(*lines)), *slash;
	size_t n = 0;

	(void)e;
	find_newcomer(c, &who);
	files[0].path = target(c, who.home, argc > 1 ? argv[1] : NULL);
	files[0].text = init_config(c, &who, cluster_name(c));
	slash = strrchr(files[0].path, '/');
	files[1].path =
	    arena_printf(c->arena, "%.*s/operators", (int)(slash - files[0].path), files[0].path);
	files[1].text = init_operators(c->arena, &who);
	r->files = files;
	r->nfiles = who.public == NULL ? 1 : 2;
	lines[n++] = arena_printf(c->arena, "written: %s", files[0].path);
	if (who.public == NULL)
		lines[n++] = arena_strdup(c->arena, "no key was found in ~/.ssh: make one with "
						    "ssh-keygen -t ed25519, and name it there");
	else
		lines[n++] = arena_printf(
		    c->arena, "written: %s, with your key %s.pub", files[1].path, who.key);
	lines[n++] = arena_printf(c->arena, "next: holdfast%s%s --as %s doctor",
	    argc > 1 ? " --config " : "", argc > 1 ? files[0].path : "", who.name);
	r->kind = RETURNS_VIEW;
	view_lines(c->arena, &r->view, lines, n);
	return 0;
}

const struct command command_init = {
    .name = "init",
    .args = "[FILE]",
    .max = 1,
    .needs = AT_CLI | NEED_TOPOLOGY,
    .help = "Write a configuration from what is seen of a cluster",
    .exec = init_exec,
};
