/*
 * Making signatures: with the session's own key, which exists only in this process's memory, and
 * with a person's key through ssh-keygen. The secret of the session key must never be written
 * anywhere, and a person's secret key must never enter this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "hash.h"
#include "journal/sshsig_key.h"
#include "sshsig.h"
#include "text.h"
#include "banned.h"

#define SEED_BYTES 32
#define PAGE_BYTES 4096
#define SSH_ED25519 "ssh-ed25519"

struct session_key {
	uint8_t *secret; /* a page of its own: locked, not in cores, zero in child processes */
	uint8_t blob[64];
	size_t nblob;
	char text[128];
};

static int
make_public(struct session_key *k)
{
	EVP_PKEY *p = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->secret, SEED_BYTES);
	uint8_t raw[32];
	size_t n = sizeof(raw);
	struct buf b;
	int ok;

	ok = p != NULL && EVP_PKEY_get_raw_public_key(p, raw, &n) == 1 && n == sizeof(raw);
	EVP_PKEY_free(p);
	if (!ok)
		return -1;
	buf_init(&b, sizeof(k->blob));
	sshwire_put(&b, SSH_ED25519, strlen(SSH_ED25519));
	sshwire_put(&b, raw, n);
	memcpy(k->blob, b.data, b.len);
	k->nblob = b.len;
	buf_free(&b);
	return 0;
}

int
session_key_new(struct session_key **out, struct err *e)
{
	struct session_key *k = calloc(1, sizeof(*k));
	struct arena *a = arena_new();
	int rc = 0;

	if (k == NULL)
		abort();
	k->secret =
	    mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (k->secret == MAP_FAILED)
		abort();
	/* Where the limit of locked memory is zero the key is merely not locked. */
	(void)mlock(k->secret, PAGE_BYTES);
	(void)madvise(k->secret, PAGE_BYTES, MADV_DONTDUMP);
	(void)madvise(k->secret, PAGE_BYTES, MADV_WIPEONFORK);
	random_bytes(k->secret, SEED_BYTES);
	if (make_public(k) == -1) {
		session_key_free(k);
		k = NULL;
		rc = err_set(e, ERR_FAILED, "could not make a session key: libcrypto refused");
	} else {
		text_copy(k->text, sizeof(k->text),
		    arena_printf(a, "%s %s", SSH_ED25519, base64_encode(a, k->blob, k->nblob)));
	}
	arena_free(a);
	*out = k;
	return rc;
}

void
session_key_free(struct session_key *k)
{
	if (k == NULL)
		return;
	OPENSSL_cleanse(k->secret, PAGE_BYTES);
	munmap(k->secret, PAGE_BYTES);
	free(k);
}

const char *
session_key_public(const struct session_key *k)
{
	return k->text;
}

const uint8_t *
session_key_blob(const struct session_key *k, size_t *n)
{
	*n = k->nblob;
	return k->blob;
}

static int
ed25519_sign(const struct session_key *k, const void *data, size_t n, uint8_t out[64])
{
	EVP_PKEY *p = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->secret, SEED_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t nout = 64;
	int ok;

	ok = p != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, p) == 1 &&
	     EVP_DigestSign(ctx, out, &nout, data, n) == 1 && nout == 64;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(p);
	ERR_clear_error();
	return ok ? 0 : -1;
}

int
sshsig_sign(struct arena *a, const struct session_key *k, const char *namespace, const void *msg,
    size_t n, char **base64, struct err *e)
{
	struct buf text, sig, blob;
	uint8_t raw[64];
	int rc;

	buf_init(&text, 4096);
	buf_init(&sig, 256);
	buf_init(&blob, 4096);
	sshsig_preimage(&text, namespace, msg, n);
	rc = text.overflow ? -1 : ed25519_sign(k, text.data, text.len, raw);
	if (rc == 0) {
		sshwire_put(&sig, SSH_ED25519, strlen(SSH_ED25519));
		sshwire_put(&sig, raw, sizeof(raw));
		buf_puts(&blob, "SSHSIG");
		sshwire_put_u32(&blob, 1);
		sshwire_put(&blob, k->blob, k->nblob);
		sshwire_put(&blob, namespace, strlen(namespace));
		sshwire_put(&blob, "", 0);
		sshwire_put(&blob, "sha512", 6);
		sshwire_put(&blob, sig.data, sig.len);
		*base64 = base64_encode(a, blob.data, blob.len);
	}
	buf_free(&text);
	buf_free(&sig);
	buf_free(&blob);
	return rc == 0 ? 0 : err_set(e, ERR_FAILED, "could not sign with the session key");
}

/* --- ssh-keygen -Y sign --------------------------------------------------------------------- */

/* A security key asks to be touched on standard error, so that one stays the terminal's. */
static int
is_security_key(struct arena *a, const char *key_file)
{
	const char *names[2] = {key_file, arena_printf(a, "%s.pub", key_file)};
	char head[4] = "";
	int i, fd;

	for (i = 0; i < 2 && strncmp(head, "sk-", 3) != 0; i++) {
		fd = open(names[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd == -1)
			continue;
		if (read(fd, head, 3) != 3)
			head[0] = '\0';
		close(fd);
	}
	return strncmp(head, "sk-", 3) == 0;
}

/* In the child: io[0] is its standard input and output, complaints[1] its standard error. */
static void
become_keygen(int io, int complaints, const char *key_file, const char *namespace)
{
	char *const argv[] = {(char *)"ssh-keygen", (char *)"-Y", (char *)"sign", (char *)"-f",
	    (char *)key_file, (char *)"-n", (char *)namespace, NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(io, 0) == -1 || dup2(io, 1) == -1)
		_exit(126);
	if (complaints != -1 && dup2(complaints, 2) == -1)
		_exit(126);
	close_range(3, ~0U, 0);
	execvp(argv[0], argv);
	_exit(127);
}

/* Everything both descriptors say, until both are at their end. */
static void
read_both(int out, int complaints, struct buf *answer, struct buf *noise)
{
	struct pollfd p[2] = {{.fd = out, .events = POLLIN}, {.fd = complaints, .events = POLLIN}};
	struct buf *into[2] = {answer, noise};
	char chunk[4096];
	ssize_t n;
	int i;

	while (p[0].fd != -1 || p[1].fd != -1) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return;
		for (i = 0; i < 2; i++) {
			if (p[i].fd == -1 || p[i].revents == 0)
				continue;
			n = read(p[i].fd, chunk, sizeof(chunk));
			if (n > 0)
				buf_add(into[i], chunk, (size_t)n);
			else if (n == 0 || errno != EINTR)
				p[i].fd = -1;
		}
	}
}

static void
send_all(int fd, const char *p, size_t n)
{
	ssize_t sent;

	while (n > 0) {
		sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent == -1 && errno == EINTR)
			continue;
		if (sent <= 0)
			break; /* it died: its exit status says so */
		p += sent;
		n -= (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
}

/* The last line ssh-keygen complained with, made short. */
static const char *
complaint(struct arena *a, const struct buf *noise)
{
	const char *s = buf_str(noise);
	size_t n = noise->len, from;

	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		n--;
	for (from = n; from > 0 && s[from - 1] != '\n'; from--)
		;
	return n == from ? "it gave no reason" : text_fit(a, s + from, n - from, 200);
}

static int
run_keygen(struct arena *a, const char *key_file, const char *namespace, const void *msg, size_t n,
    struct buf *answer, struct err *e)
{
	int io[2], noise_pipe[2] = {-1, -1}, status = 0, quiet = !is_security_key(a, key_file);
	struct buf noise;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, io) == -1)
		return err_set(e, ERR_FAILED, "could not start ssh-keygen: %s", strerror(errno));
	if ((quiet && pipe2(noise_pipe, O_CLOEXEC) == -1) || (pid = fork()) == -1) {
		close(io[0]);
		close(io[1]);
		if (noise_pipe[0] != -1) {
			close(noise_pipe[0]);
			close(noise_pipe[1]);
		}
		return err_set(e, ERR_FAILED, "could not start ssh-keygen: %s", strerror(errno));
	}
	if (pid == 0)
		become_keygen(io[1], noise_pipe[1], key_file, namespace);
	close(io[1]);
	if (quiet)
		close(noise_pipe[1]);
	buf_init(&noise, 16384);
	send_all(io[0], msg, n);
	read_both(io[0], noise_pipe[0], answer, &noise);
	close(io[0]);
	if (quiet)
		close(noise_pipe[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		err_set(e, ERR_CONFIG, "could not sign: the program ssh-keygen was not found");
	else if (status != 0)
		err_set(e, ERR_CONFIG, "could not sign with key %s: %s", key_file,
		    complaint(a, &noise));
	buf_free(&noise);
	return status == 0 ? 0 : -1;
}

int
sshsig_sign_file(struct arena *a, const char *key_file, const char *namespace, const void *msg,
    size_t n, char **base64, struct err *e)
{
	struct sshsig sig;
	struct buf answer;
	int rc;

	buf_init(&answer, (size_t)4 * SSHSIG_MAX_BYTES);
	rc = run_keygen(a, key_file, namespace, msg, n, &answer, e);
	if (rc == -1) {
		err_hint(e, "Check the `key` of this person in the configuration, and that ssh-add "
			    "-l lists it if it lives in an agent.");
	} else {
		rc = sshsig_dearmor(a, buf_str(&answer), answer.len, base64, e);
		/* What others would refuse is refused here, before anybody waits for it. */
		if (rc == 0)
			rc = sshsig_verify(a, *base64, strlen(*base64), namespace, msg, n, &sig, e);
		if (rc == -1)
			err_wrap(e, "key %s", key_file);
		if (rc == -1 && e != NULL)
			e->code = ERR_CONFIG;
	}
	buf_free(&answer);
	return rc;
}
