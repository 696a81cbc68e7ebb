/*
 * The command line: options, subcommands, the shell. Sets everything up in the one order that
 * works: config first, the classifier's child before any thread, the journal before anything is
 * asked.
 */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/cli.h"
#include "shell/config.h"
#include "shell/connect.h"
#include "shell/holds.h"
#include "shell/out.h"
#include "shell/pending.h"
#include "shell/policy_file.h"
#include "shell/repl.h"
#include "shell/setup.h"
#include "banned.h"

enum {
	OPT_CONFIG = 256,
	OPT_AS,
	OPT_WAIT,
	OPT_CONFIRM,
	OPT_JSON,
	OPT_CSV,
	OPT_PASTE,
	OPT_VERSION,
	OPT_CLUSTER,
};

static const struct option longopts[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"as", required_argument, NULL, OPT_AS},
    {"cluster", required_argument, NULL, OPT_CLUSTER},
    {"command", required_argument, NULL, 'c'},
    {"wait", required_argument, NULL, OPT_WAIT},
    {"confirm", required_argument, NULL, OPT_CONFIRM},
    {"json", no_argument, NULL, OPT_JSON},
    {"csv", no_argument, NULL, OPT_CSV},
    {"paste", no_argument, NULL, OPT_PASTE},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct line_options {
	const char *config, *as, *target;
	const char *lines[64];
	size_t nlines;
	const char *confirm;
	int wait_s, is_json, is_csv, is_paste, help, version;
};

static void
usage(FILE *f)
{
	size_t i;

	fputs("usage: holdfast [OPTIONS] [CLUSTER|URL]\n"
	      "       holdfast [OPTIONS] [CLUSTER|URL] COMMAND [ARGUMENTS]\n\n"
	      "  --config FILE    config file (default: $HOLDFAST_CONFIG, "
	      "~/.config/holdfast/holdfast.conf,\n"
	      "                   /etc/holdfast/holdfast.conf)\n"
	      "  --as PERSON      who you are: a person of the config\n"
	      "  --cluster NAME   the cluster, also one that is called like a command\n"
	      "  -c LINE          run one line and leave; may be given more than once\n"
	      "  --wait SECONDS   with -c: how long to wait for an approval\n"
	      "  --confirm NODE   with -c: the node's name, where it would have to be typed\n"
	      "  --paste          print requests as text for a chat, also where a spool exists\n"
	      "  --json           results and listings as JSON\n"
	      "  --csv            results and listings as CSV, as psql --csv writes it\n"
	      "  --version        version and licence\n"
	      "  --help           this\n\n"
	      "commands:\n",
	    f);
	for (i = 0; commands[i] != NULL; i++)
		if (commands[i]->needs & AT_CLI)
			fprintf(f, "  %-12s %s\n", commands[i]->name, commands[i]->help);
	fputs(
	    "\nexit codes: 0 ok, 1 failed, 2 usage, 3 config, 4 connection, 5 refused by policy,\n"
	    "  6 approval missing, denied or expired, 7 bad signature, 8 stale plan,\n"
	    "  9 journal unwritable, 10 outcome unknown\n",
	    f);
}

static int
number(const char *s, int *out)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(s, &end, 10);
	if (errno != 0 || *end != '\0' || end == s || v < 0 || v > 86400)
		return -1;
	*out = (int)v;
	return 0;
}

static int
take_option(struct line_options *o, int opt, const char *word, struct err *e)
{
	switch (opt) {
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	case OPT_AS:
		o->as = optarg;
		return 0;
	case 'c':
		if (o->nlines == sizeof(o->lines) / sizeof(o->lines[0]))
			return err_set(e, ERR_USAGE, "more than 64 lines with -c");
		o->lines[o->nlines++] = optarg;
		return 0;
	case OPT_WAIT:
		if (number(optarg, &o->wait_s) != 0)
			return err_set(e, ERR_USAGE,
			    "--wait takes seconds from 0 to 86400, not \"%s\"", optarg);
		return 0;
	case OPT_CONFIRM:
		o->confirm = optarg;
		return 0;
	case OPT_JSON:
		o->is_json = 1;
		return 0;
	case OPT_CSV:
		o->is_csv = 1;
		return 0;
	case OPT_PASTE:
		o->is_paste = 1;
		return 0;
	case OPT_CLUSTER:
		if (o->target != NULL)
			return err_set(
			    e, ERR_USAGE, "two clusters are named: %s and %s", o->target, optarg);
		o->target = optarg;
		return 0;
	case OPT_VERSION:
		o->version = 1;
		return 0;
	case 'h':
		o->help = 1;
		return 0;
	default:
		err_set(e, ERR_USAGE,
		    "the option %s is not known, or its value is missing or too much", word);
		return err_hint(e, "holdfast --help");
	}
}

/* Options may stand before and after the target; a subcommand keeps its own words. */
static int
parse(int argc, char **argv, struct line_options *o, int *rest, struct err *e)
{
	int opt;

	opterr = 0;
	for (;;) {
		while ((opt = getopt_long(argc, argv, "+c:h", longopts, NULL)) != -1)
			if (take_option(o, opt, argv[optind > 1 ? optind - 1 : 1], e) != 0)
				return -1;
		if (optind < argc && command_find(argv[optind]) != NULL) {
			*rest = optind;
			return 0;
		}
		if (optind >= argc || o->target != NULL)
			break;
		o->target = argv[optind++];
	}
	if (optind < argc)
		return err_set(e, ERR_USAGE, "\"%s\" is one word too many", argv[optind]);
	return 0;
}

/* The words of a subcommand, with the options every subcommand understands taken out. */
static int
subcommand_words(
    struct arena *a, struct line_options *o, int argc, char **argv, int rest, char ***out)
{
	char **words = arena_array(a, (size_t)(argc - rest) + 1, sizeof(*words));
	int n = 0, i;

	for (i = rest; i < argc; i++) {
		if (i > rest && strcmp(argv[i], "--json") == 0)
			o->is_json = 1;
		else if (i > rest && strcmp(argv[i], "--csv") == 0)
			o->is_csv = 1;
		else if (i > rest && strcmp(argv[i], "--as") == 0 && i + 1 < argc)
			o->as = argv[++i];
		else if (i > rest && strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			o->config = argv[++i];
		else if (i > rest && strcmp(argv[i], "--cluster") == 0 && i + 1 < argc)
			o->target = argv[++i];
		else
			words[n++] = argv[i];
	}
	*out = words;
	return n;
}

static int
run_lines(struct app *app, const struct line_options *o)
{
	size_t i;

	for (i = 0; i < o->nlines && !app->quit; i++) {
		app_line(app, o->lines[i], strlen(o->lines[i]));
		if (app->exit != 0)
			break;
	}
	return app->exit;
}

static int
shell(struct app *app, const struct line_options *o, struct err *e)
{
	if (setup_session(app, o->target, 0, e) != 0)
		return -1;
	if (o->nlines > 0)
		return run_lines(app, o);
	return app->is_interactive ? repl_run(app) : repl_batch(app);
}

/* A URL needs no config. */
static int
wants_config(const char *target)
{
	return target == NULL || strstr(target, "://") == NULL;
}

static int
subcommand(struct app *app, struct line_options *o, int argc, char **argv, int rest, struct err *e)
{
	const struct command *cmd = command_find(argv[rest]);
	char **words;
	int n;

	if (cmd == NULL || !(cmd->needs & AT_CLI)) {
		err_set(
		    e, ERR_USAGE, "\"%s\" is a verb of the shell, not a subcommand", argv[rest]);
		return err_hint(e, "holdfast [CLUSTER] -c '%s ...'", argv[rest]);
	}
	n = subcommand_words(app->arena, o, argc, argv, rest, &words);
	if (n > 1 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)) {
		out_line(
		    app, STYLE_PLAIN, "usage: holdfast %s %s\n%s", cmd->name, cmd->args, cmd->help);
		return 0;
	}
	app->is_json = o->is_json;
	app->is_csv = o->is_csv;
	if (setup_program(app, o->config, o->as, wants_config(o->target), e) != 0)
		return -1;
	if ((cmd->needs & (NEED_CLUSTER | NEED_TOPOLOGY | NEED_HANDLE)) &&
	    setup_session(app, o->target, (cmd->needs & NEED_HANDLE) != 0, e) != 0)
		return -1;
	app->exit = 0;
	if (app_command(app, cmd, n, words, argv[rest], strlen(argv[rest]), e) != 0)
		return -1;
	return app->exit;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	struct line_options o = {0};
	int rest = 0;

	if (parse(argc, argv, &o, &rest, e) != 0)
		return -1;
	if (o.version) {
		out_line(app, STYLE_PLAIN, "holdfast %s, GPL-3.0-or-later", HOLDFAST_VERSION);
		return 0;
	}
	if (o.help) {
		usage(stdout);
		return 0;
	}
	app->confirm = o.confirm;
	app->wait_s = o.wait_s;
	app->is_json = o.is_json;
	app->is_csv = o.is_csv;
	app->wants_paste = o.is_paste;
	if (o.nlines == 0 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		app->is_interactive = 1;
	if (rest > 0)
		return subcommand(app, &o, argc, argv, rest, e);
	if (setup_program(app, o.config, o.as, wants_config(o.target), e) != 0)
		return -1;
	return shell(app, &o, e);
}

int
cli_main(int argc, char **argv)
{
	struct app app = {.arena = arena_new(), .width = 80, .height = 24, .crawl_fd = -1};
	struct err e = {0};
	int rc;

	setlocale(LC_CTYPE, "");
	umask(077);
	/* No core, no ptrace: the session key and what was typed stay in this process. */
	prctl(PR_SET_DUMPABLE, 0);
	setup_terminal(&app);
	rc = run(&app, argc, argv, &e);
	if (rc < 0) {
		out_error(&app, &e, NULL, 0);
		rc = err_exit(&e);
	}
	setup_finish(&app);
	return rc;
}
