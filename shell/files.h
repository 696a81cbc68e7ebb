/* Texts and rows that come from files, and texts that are run again: \i \e \copy \watch. Each one
 * goes the way a typed line goes. */
#ifndef FILES_H
#define FILES_H

struct app;

/* Reads a file as one text: shown and run after Enter, at once where nobody types. */
void files_include(struct app *app, const char *argument);
/* $VISUAL, $EDITOR or vi on a file of its own (the last text, or the one named); what is saved
 * becomes one text. */
void files_edit(struct app *app, const char *argument);
/* COPY between a table or query and a file of this machine. */
void files_copy(struct app *app, const char *argument);
/* Runs the last query again and again, until Ctrl-C. */
void files_watch(struct app *app, const char *argument);
/* An error of one of these. */
void files_fail(struct app *app, const char *sentence, const char *hint);

#endif
