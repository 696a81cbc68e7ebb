/* The prompt: where a line would act, in words. */
#ifndef PROMPT_H
#define PROMPT_H

#include <stdint.h>

struct app;
struct arena;

/* extra_ms: how long ago the session's facts were read. With readline's marks around colours. */
char *prompt_main(const struct app *app, struct arena *a, int64_t extra_ms);
/* why: what the statement still needs: ' " $ ( * - or p for a paste that waits for Enter. */
char *prompt_more(const struct app *app, struct arena *a, char why);

#endif
