/* The history: readline's list, and a file of 0600 that never holds a secret. */
#ifndef HISTORY_H
#define HISTORY_H

#include <stddef.h>

/* Reads the file into readline's list. Quiet where there is none; 0 where it may be written. */
int history_load(const char *file, const char **why);
/* Remembers a text; appends it to the file (NULL: none) unless it could hold a secret. Bytes are
 * masked (line_mask). */
void history_keep(const char *file, const char *text, size_t len);
/* True where the text could hold a secret. Errs on that side. */
int history_is_secret(const char *text, size_t len);

#endif
