/* Standing holds: derived from journals, watched while they stand, published to other operators. */
#ifndef HOLDS_H
#define HOLDS_H

#include <jansson.h>
#include <stddef.h>

struct app;
struct arena;
struct hold;
struct node;
struct topology;

/* Reads standing holds from the journals (this session's and dead ones) into app->holds. */
void holds_reload(struct app *app);
/* Adds what other persons published in the store; shell/holds_store.c. */
void holds_add_others(struct app *app, struct arena *a, struct hold **holds, size_t *n);
/* Publishes this person's holds in the store, in place of what earlier sessions published. */
void holds_publish(struct app *app);
/* After a plan: who is held for it, and who was asked to stop and was not seen to. */
void holds_say_after(struct app *app, struct arena *a, const char *plan, size_t not_proven);
/* Takes out what ended sessions of this person published, where nothing of it stands any more. */
void holds_clean(struct app *app);
/* What earlier sessions left behind, said first at start: unknown outcomes and standing holds. */
void holds_say_legacy(struct app *app);
/* The same of unknown outcomes, one line on stderr, where nobody reads a start. */
void holds_warn_legacy(struct app *app);
/* Compares a fresh topology with the standing holds and alarms: released by someone else,
 * restarted, moved, disk or log filling. Called after each crawl. */
void holds_watch(struct app *app);
/* One line at the prompt, and an `alarm` record. */
void holds_alarm(struct app *app, const char *node, const char *sentence);
/* How long there is room for what gathers while the node is held; alarms as the end comes nearer.
 * shell/holds_room.c. */
void holds_room(struct app *app, struct arena *a, const struct hold *h, const struct node *n,
    const struct topology *t);
/* Jobs that are paused, from the journals and the store, into app->paused; said at start; what the
 * prompt says of them (NULL: none); this person's for publishing. shell/jobs.c. */
void jobs_load(struct app *app, struct arena *a);
void jobs_say(struct app *app);
const char *jobs_prompt(const struct app *app, struct arena *a);
void jobs_publish(const struct app *app, json_t *list);
/* For the loop: starts a background crawl while replicas are held. */
void holds_tick(void *app);

#endif
