/* The incident this session works on: shared by incident*.c. */
#ifndef COMMANDS_INCIDENT_H
#define COMMANDS_INCIDENT_H

#include "command.h"

/* An entry {action, name} to which members can be added; `say` is said when it is written. */
json_t *incident_entry(struct context *c, const char *action, const char *name, struct result *r);
/* severity LEVEL; role ROLE [PERSON]; impact TEXT [from TIME] [until TIME]; status TEXT */
int incident_severity(struct context *c, int argc, char **argv, struct result *r, struct err *e);
int incident_role(struct context *c, int argc, char **argv, struct result *r, struct err *e);
int incident_impact(struct context *c, int argc, char **argv, struct result *r, struct err *e);
int incident_status(struct context *c, int argc, char **argv, struct result *r, struct err *e);
/* close [--accept NAME ...]: refuses while something is open that nobody accepted by name. */
int incident_close(struct context *c, int argc, char **argv, struct result *r, struct err *e);

#endif
