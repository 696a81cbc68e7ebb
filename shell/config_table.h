/* The options of holdfast.conf(5). Private to shell/config.c. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "shell/conf.h"

extern const struct conf_option config_options[];
/* NULL, or what is wrong with an address. */
const char *config_address_wrong(const char *s);

#endif
