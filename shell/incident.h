/* The incident in the session: who is on duty since when, the status page, handing over. */
#ifndef SHELL_INCIDENT_H
#define SHELL_INCIDENT_H

#include "command.h"

struct app;
struct arena;

/* After an entry was written: which incident, since when, and the site's status page program. */
int incident_taken(struct app *app, const struct entry *entry, struct err *e);
/* "on duty 3 h 12 min"; NULL where no incident is open. */
char *incident_duty(const struct app *app, struct arena *a);
/* Shows what is handed over, has the other person sign it with their key, writes it down. */
int incident_handover(struct app *app, const char *person, struct err *e);

#endif
