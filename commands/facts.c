/*
 * Questions on behalf of the shell, which does not see engines/ask.h: its own session, the
 * topology.
 */
#include "command.h"
#include "engines/ask.h"
#include "banned.h"

int
facts_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e)
{
	return ask_session(c, w, a, out, e);
}

int
facts_topology(struct cluster *c, struct waiter *w, const struct topology **out, struct err *e)
{
	return ask_topology(c, w, out, e);
}

const struct topology *
facts_last(struct cluster *c)
{
	return ask_last(c);
}
