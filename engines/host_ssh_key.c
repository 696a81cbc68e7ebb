/*
 * The host key, strictly: it is the one known_hosts has, or nothing is done. There is no question
 * to be answered with yes. Must never log in to a host whose key is not known.
 */
#include <stdio.h>
#include <string.h>

#include "engines/host_ssh.h"
#include "text.h"
#include "banned.h"

/* What libssh2 1.10 can check, best first. */
static const char *const types[] = {
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"};
#define COUNT (sizeof(types) / sizeof(types[0]))

static int
look_up(struct host_conn *h, struct ssh_link *l, struct known_key **keys, size_t *n, struct err *e)
{
	return known_hosts(h->arena, known_hosts_file(h->arena, l->config), l->config->address,
	    l->config->port, keys, n, e);
}

int
ssh_prefer_known(struct host_conn *h, struct ssh_link *l, struct err *e)
{
	const char *list = "";
	struct known_key *keys;
	size_t n, i, k;

	if (look_up(h, l, &keys, &n, e) != 0)
		return -1;
	for (i = 0; i < 2 * COUNT; i++) {
		for (k = 0; k < n && strcmp(keys[k].type, types[i % COUNT]) != 0; k++)
			continue;
		/* First the types it is known by, then the others: a key of another type is read
		 * to be refused with its fingerprint. */
		if ((k < n) == (i < COUNT))
			list = arena_printf(
			    h->arena, "%s%s%s", list, list[0] == '\0' ? "" : ",", types[i % COUNT]);
	}
	libssh2_session_method_pref(l->session, LIBSSH2_METHOD_HOSTKEY, list);
	return 0;
}

static int
refuse_unknown(struct host_conn *h, struct ssh_link *l, const char *print, struct err *e)
{
	const char *file = known_hosts_file(h->arena, l->config);

	err_set(e, ERR_REFUSED,
	    "nobody knows the host key of %s port %d: it shows %s, and %s has no line for it; "
	    "nothing was sent",
	    l->config->address, l->config->port, print, file);
	return err_hint(e,
	    "Compare that with ssh-keygen -lf of the key on the host itself, then add its line "
	    "to %s.",
	    file);
}

static int
refuse_changed(struct host_conn *h, struct ssh_link *l, const char *print,
    const struct known_key *k, struct err *e)
{
	const char *file = known_hosts_file(h->arena, l->config);
	char known[64];

	key_fingerprint(k->blob, k->len, known);
	if (k->is_revoked)
		err_set(e, ERR_REFUSED,
		    "the host key of %s port %d is revoked: it shows %s, and %s:%d revokes it; "
		    "nothing was sent",
		    l->config->address, l->config->port, print, file, k->line);
	else
		err_set(e, ERR_REFUSED,
		    "the host key of %s port %d changed: it shows %s, and %s:%d has %s; nothing "
		    "was sent",
		    l->config->address, l->config->port, print, file, k->line, known);
	return err_hint(e,
	    "It is another machine, a new installation, or somebody in between. Ask who changed "
	    "it, by another way than this network.");
}

int
ssh_check_key(struct host_conn *h, struct ssh_link *l, struct err *e)
{
	const struct known_key *other = NULL;
	struct known_key *keys;
	const char *blob;
	char print[64];
	size_t n, len, i;
	int type, ok = 0;

	blob = libssh2_session_hostkey(l->session, &len, &type);
	if (blob == NULL)
		return ssh_failed(l, "it has no host key", e);
	key_fingerprint((const unsigned char *)blob, len, print);
	if (look_up(h, l, &keys, &n, e) != 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (keys[i].len == len && memcmp(keys[i].blob, blob, len) == 0) {
			if (keys[i].is_revoked)
				return refuse_changed(h, l, print, &keys[i], e);
			ok = 1;
		} else if (!keys[i].is_revoked) {
			other = &keys[i];
		}
	}
	if (!ok)
		return other == NULL ? refuse_unknown(h, l, print, e)
				     : refuse_changed(h, l, print, other, e);
	if (l->config == h->config)
		text_copy(h->fingerprint, sizeof(h->fingerprint), print);
	return 0;
}
