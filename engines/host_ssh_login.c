/*
 * Logging in: the key file the section names, else the keys of the agent. Never a password, and
 * never a question. Must never try a key the host's section does not allow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/host_ssh.h"
#include "banned.h"

static const char *
user_of(const struct host_conn *h, const struct ssh_link *l)
{
	const char *login = getenv("USER");

	(void)h;
	if (l->config->user != NULL)
		return l->config->user;
	return login == NULL ? "" : login;
}

static int
is_rsa(const char *key)
{
	char line[64] = "", name[4096];
	FILE *f;
	int yes;

	snprintf(name, sizeof(name), "%s.pub", key);
	f = fopen(name, "re");
	yes =
	    f != NULL && fgets(line, sizeof(line), f) != NULL && strncmp(line, "ssh-rsa ", 8) == 0;
	if (f != NULL)
		fclose(f);
	return yes;
}

static int
with_file(
    struct host_conn *h, struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e)
{
	const char *key = l->config->key, *user = user_of(h, l);
	int rc;

	if (access(key, R_OK) != 0)
		return err_set(e, ERR_CONFIG, "the key %s cannot be read; nothing was sent", key);
	while ((rc = libssh2_userauth_publickey_fromfile_ex(l->session, user,
		    (unsigned int)strlen(user), NULL, key, NULL)) == LIBSSH2_ERROR_EAGAIN)
		if (ssh_wait(l, w, deadline, e) != 0)
			return -1;
	if (rc == 0)
		return 0;
	ssh_failed(l, "it did not take the key", e);
	if (is_rsa(key))
		return err_hint(e,
		    "%s is an RSA key: this library signs those with SHA-1 only, which servers "
		    "refuse today. Use an ed25519 or ecdsa key, or transport = openssh.",
		    key);
	return err_hint(e,
	    "Is %s.pub in the authorized_keys of %s there? A key with a passphrase goes through "
	    "the agent: leave key out.",
	    key, user);
}

static int
try_identity(struct host_conn *h, struct ssh_link *l, LIBSSH2_AGENT *agent,
    struct libssh2_agent_publickey *id, struct waiter *w, int64_t deadline, struct err *e)
{
	int rc;

	while ((rc = libssh2_agent_userauth(agent, user_of(h, l), id)) == LIBSSH2_ERROR_EAGAIN)
		if (ssh_wait(l, w, deadline, e) != 0)
			return -1;
	return rc == 0 ? 1 : 0;
}

static int
with_identities(struct host_conn *h, struct ssh_link *l, LIBSSH2_AGENT *agent, struct waiter *w,
    int64_t deadline, struct err *e)
{
	struct libssh2_agent_publickey *id = NULL;
	int rc, tried = 0;

	if (libssh2_agent_connect(agent) != 0 || libssh2_agent_list_identities(agent) != 0) {
		err_set(e, ERR_CONN, "no key is named for it, and no agent answers");
		return err_hint(e, "Give its section key = \"FILE\", or start an ssh-agent.");
	}
	while (libssh2_agent_get_identity(agent, &id, id) == 0) {
		tried++;
		rc = try_identity(h, l, agent, id, w, deadline, e);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	err_set(e, ERR_CONN, "it took none of the agent's %d keys for %s", tried, user_of(h, l));
	return err_hint(e,
	    "RSA keys only work where a server still takes SHA-1 signatures: use ed25519 or "
	    "ecdsa, or transport = openssh.");
}

int
ssh_login(
    struct host_conn *h, struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e)
{
	LIBSSH2_AGENT *agent;
	int rc;

	if (l->config->key != NULL)
		return with_file(h, l, w, deadline, e);
	agent = libssh2_agent_init(l->session);
	if (agent == NULL)
		return err_set(e, ERR_FAILED, "out of memory");
	rc = with_identities(h, l, agent, w, deadline, e);
	libssh2_agent_disconnect(agent);
	libssh2_agent_free(agent);
	return rc;
}
