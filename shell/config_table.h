/* The options of holdfast.conf(5). Private to shell/config.c. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "include/config.h"
#include "shell/conf.h"

extern const struct conf_option config_options[];
/* NULL, or what is wrong with an address. */
const char *config_address_wrong(const char *s);

/* One host section, paths as they were written; shell/config_host.c. */
void config_host(struct arena *a, cfg_t *c, struct host_config *out);
/* One job section. */
void config_job(struct arena *a, cfg_t *c, struct job_config *out);
/* One backup section; shell/config_backup.c. */
int config_backup(
    struct arena *a, const char *file, cfg_t *c, struct backup_config *out, struct err *e);
/* What no single option can say: who is reached how, and that links between sections hold. */
int config_hosts_check(const struct config *c, struct err *e);

#endif
