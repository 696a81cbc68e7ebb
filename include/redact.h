/*
 * Secrets out of a text before it is kept: passwords of either SQL dialect, of connection strings,
 * URLs, environments and command lines, and private keys. A lexer of its own that looks for what
 * announces a secret wherever it stands (in a literal in a literal, in a comment, in a shell word),
 * because a dialect that was guessed wrong must cost evidence, never a secret: where it is not
 * clear where one ends, more is taken out. What is announced by nothing is not found.
 */
#ifndef REDACT_H
#define REDACT_H

#include <stddef.h>

struct arena;

#define REDACTED "<redacted>"

/*
 * The text with every secret replaced by REDACTED; *n says how many. NULL where there is none: the
 * text stands as it is. Any bytes; linear time. Arena memory, NUL-terminated, *out_len bytes.
 *
 * After PASSWORD, ..._PASSWORD, PASSWD, PASSPHRASE, PGPASSWORD, MYSQL_PWD and the like: the
 * literal, or what follows "=". After IDENTIFIED, and in changes of mysql.user: every literal. In
 * URLs: between the user's colon and the @. After a client's name: -pSECRET. Bearer tokens; PEM
 * blocks.
 */
char *redact(struct arena *a, const char *s, size_t len, size_t *out_len, size_t *n);

#endif
