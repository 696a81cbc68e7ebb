/*
 * The table of engines. Adding one is a row here and a const struct engine of its own.
 */
#include <string.h>

#include "engine.h"
#include "banned.h"

static const struct engine *const engines[] = {
    &engine_postgresql,
    &engine_mysql,
    &engine_mariadb,
    &engine_sh,
    NULL,
};

const struct engine *
engine_by_name(const char *name)
{
	size_t i;

	for (i = 0; engines[i] != NULL; i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}

const struct engine *
engine_by_url(const char *url)
{
	size_t i, k;

	for (i = 0; engines[i] != NULL; i++)
		for (k = 0; engines[i]->schemes[k] != NULL; k++)
			if (strncmp(url, engines[i]->schemes[k], strlen(engines[i]->schemes[k])) ==
			    0)
				return engines[i];
	return NULL;
}
