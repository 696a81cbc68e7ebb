/*
 * connect NODE [DATABASE] and disconnect. The node reached is named by identity, not by address.
 */
#include <string.h>

#include "command.h"
#include "banned.h"

static int
leaves_nothing(struct context *c, struct err *e)
{
	if (c->session == NULL || c->session->tx == TX_NONE)
		return 0;
	err_set(
	    e, ERR_REFUSED, "a transaction is open on %s; it was not abandoned", c->session->node);
	return err_hint(e, "COMMIT or ROLLBACK first.");
}

static int
connect_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	if (leaves_nothing(c, e) != 0)
		return -1;
	r->kind = RETURNS_ENTRY;
	r->connect_node =
	    strcmp(argv[1], "-") == 0 && c->session != NULL ? c->session->node : argv[1];
	r->connect_database = argc > 2 ? argv[2] : NULL;
	return 0;
}

const struct command command_connect = {
    .name = "connect",
    .alias = "\\c",
    .args = "NODE|- [DATABASE]",
    .min = 1,
    .max = 2,
    .needs = IN_SHELL,
    .help = "Connect to a node of the cluster, and say which one it really is",
    .exec = connect_exec,
};

static int
disconnect_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc;
	(void)argv;
	if (leaves_nothing(c, e) != 0)
		return -1;
	r->kind = RETURNS_ENTRY;
	r->disconnects = 1;
	return 0;
}

const struct command command_disconnect = {
    .name = "disconnect",
    .args = "",
    .min = 0,
    .max = 0,
    .needs = IN_SHELL,
    .help = "Close the operator's session",
    .exec = disconnect_exec,
};
