/* One SSH connection of libssh2, directly or through another one. Private to host_ssh*.c. */
#ifndef HOST_SSH_H
#define HOST_SSH_H

#include <libssh2.h>

#include "engines/reach.h"

struct ssh_link {
	const struct host_config *config;
	LIBSSH2_SESSION *session;
	int sock;		  /* of the outermost connection */
	struct ssh_link *via;	  /* the jump host's connection, or NULL */
	LIBSSH2_CHANNEL *channel; /* of via: carries this one */
	int is_broken;
};

/* Waits until the connection may go on: 0, or -1 with ERR_CANCELLED or ERR_CONN. */
int ssh_wait(struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e);
/* The library's last words, as an error of the connection. */
int ssh_failed(struct ssh_link *l, const char *what, struct err *e);
/* The server's key against known_hosts: strictly. host_ssh_key.c */
int ssh_check_key(struct host_conn *h, struct ssh_link *l, struct err *e);
/* Key types the session may use, those known_hosts has for the host. */
int ssh_prefer_known(struct host_conn *h, struct ssh_link *l, struct err *e);
/* Logs in with the key of the section, else with the agent's keys. host_ssh_login.c */
int ssh_login(
    struct host_conn *h, struct ssh_link *l, struct waiter *w, int64_t deadline, struct err *e);
int ssh_run(struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e);

#endif
