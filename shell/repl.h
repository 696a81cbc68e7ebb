/* The interactive shell: line editing, prompt, history, completion (shell/repl.c and friends). */
#ifndef REPL_H
#define REPL_H

#include <stddef.h>

struct app;
struct arena;

/* Runs until \q, quit or end of input. Returns the process's exit code. */
int repl_run(struct app *app);
/* Not a terminal: reads statements and verb lines from stdin, stops at the first error. */
int repl_batch(struct app *app);
/* Prints a line above the prompt without destroying what is being typed (alarms, "approved"). */
void repl_notice(struct app *app, const char *line);
/* A text from a file or an editor: shown, and handed over by Enter, as a paste is. */
void repl_offer(struct app *app, const char *text, size_t len);
/* Asks for one line at the terminal, type-ahead thrown away first. Arena memory of the caller; NULL
 * on end of input or Ctrl-C. Not written to history. deadline_s 0: none. */
char *repl_ask(struct app *app, struct arena *a, const char *question, int deadline_s);

#endif
