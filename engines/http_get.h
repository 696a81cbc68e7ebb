/*
 * One small GET over plain HTTP/1.0, with a deadline, for asking a manager on its REST address.
 * Private to engines/.
 */
#ifndef HTTP_GET_H
#define HTTP_GET_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "wait.h"

/*
 * *body points into out, NUL-terminated; size bounds the whole answer. Returns the status code, or
 * -1 with ERR_CONN: no answer, too large, or not understood. What came is hostile: parse it as
 * such.
 */
int http_get(struct waiter *w, const char *host, const char *port, const char *path,
    int64_t deadline, char *out, size_t size, char **body, struct err *e);

#endif
