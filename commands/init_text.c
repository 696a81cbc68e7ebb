/*
 * The text of a first configuration, from a picture of the cluster. Everything a server calls
 * itself is inert and quoted.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "command.h"
#include "commands/init.h"
#include "text.h"
#include "banned.h"

#define TEXT_MAX (1 << 20)
#define NAMESPACES                                                                                 \
	"session@holdfast,request@holdfast,approval@holdfast,checkpoint@holdfast,"                 \
	"review@holdfast,handover@holdfast"

/* As libconfuse reads it back. */
static void
add_string(struct buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_puts(b, "\\");
		buf_add(b, s, 1);
	}
	buf_puts(b, "\"");
}

static void
add_head(struct context *c, const struct newcomer *who, struct buf *b)
{
	const char *login = c->session->login;

	buf_printf(b,
	    "# By `holdfast init`, from cluster %s as seen at %s. holdfast.conf(5) explains each "
	    "line.\n\n",
	    c->topology->cluster, c->topology->taken_at);
	buf_printf(b, "%soperators = \"operators\"\n", who->public == NULL ? "# " : "");
	buf_puts(b, "# Two people on this machine meet in a directory of their group:\n"
		    "#   sudo install -d -m 3770 -g GROUP /var/spool/holdfast\n"
		    "# spool = \"/var/spool/holdfast\"\n\n");
	buf_printf(b, "person \"%s\" {\n", who->name);
	if (who->public == NULL)
		buf_puts(b, "    # No key was found; make one with: ssh-keygen -t ed25519\n"
			    "    # key = \"~/.ssh/id_ed25519\"\n");
	else {
		buf_puts(b, "    key = ");
		add_string(b, who->key);
		buf_puts(b, "\n");
	}
	if (login != NULL && strcmp(login, who->name) != 0) {
		buf_puts(b, "    user = ");
		add_string(b, login);
		buf_puts(b, "\n");
	}
	buf_puts(b, "}\n\n");
}

/* A node that was dialled by URL has an address for a name; what its upstream calls it is better.
 */
static const char *
node_name(const struct context *c, const struct node *n)
{
	if (strcmp(n->name, c->cluster_config->nodes[0].name) != 0 || n->app_name == NULL ||
	    !text_is_name(n->app_name, 40) || strcmp(n->app_name, "walreceiver") == 0 ||
	    topology_find(c->topology, n->app_name) != NULL)
		return n->name;
	return n->app_name;
}

static void
add_cluster(struct context *c, const char *name, struct buf *b)
{
	const struct topology *t = c->topology;
	size_t i;

	buf_printf(b, "cluster \"%s\" {\n    engine = %s\n    database = ", name, t->engine);
	add_string(b, c->session->database);
	buf_puts(b, "\n");
	for (i = 0; i < t->nnodes; i++) {
		const struct node *n = &t->nodes[i];

		buf_printf(b, "    # %s%s%s\n    node \"%s\" { address = ", role_name(n->role),
		    n->version_text == NULL ? "" : ", ",
		    n->version_text == NULL
			? ""
			: text_inert(c->arena, n->version_text, strlen(n->version_text), 0),
		    node_name(c, n));
		add_string(b, n->address);
		buf_puts(b, " }\n");
	}
	for (i = 0; i < t->nconsumers; i++)
		if (t->consumers[i].is_unidentified)
			buf_printf(b, "    # takes the log from %s and was not reached: %s %s\n",
			    t->consumers[i].node, t->consumers[i].what,
			    text_inert(
				c->arena, t->consumers[i].name, strlen(t->consumers[i].name), 0));
	buf_puts(b, "}\n");
}

const char *
init_config(struct context *c, const struct newcomer *who, const char *cluster)
{
	struct buf b;
	const char *out;

	buf_init(&b, TEXT_MAX);
	add_head(c, who, &b);
	add_cluster(c, cluster, &b);
	out = arena_strdup(c->arena, buf_str(&b));
	buf_free(&b);
	return out;
}

const char *
init_operators(struct arena *a, const struct newcomer *who)
{
	return arena_printf(a,
	    "# Who may sign what, a key a line: holdfast.conf(5). Another person approves, so add "
	    "one.\n%s namespaces=\"" NAMESPACES "\" %s\n",
	    who->name, who->public == NULL ? "" : who->public);
}
