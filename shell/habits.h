/* Backslash habits that change how the shell shows things, or lead to a verb. */
#ifndef HABITS_H
#define HABITS_H

struct app;

/* 1 where the line was one of them and is done; 0: not ours. Sets app->exit. */
int habit_line(struct app *app, const char *line);

#endif
