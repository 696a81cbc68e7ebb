/* What a change does that its text does not say: see my_forecast.c. Private to the my_ files. */
#ifndef MY_FORECAST_H
#define MY_FORECAST_H

#include "action.h"
#include "engines/my_driver.h"

/* Each returns the action's new why, or NULL where there is nothing to say. */
char *my_forecast_alter(struct arena *a, const struct action *x, int is_mariadb, int version);
char *my_forecast_absent(struct arena *a, const struct action *x);
/* The question, and what its rows say. */
const char *my_forecast_cascade_sql(struct arena *a, const struct action *x);
char *my_forecast_cascade(struct arena *a, const struct action *x, const struct my_rows *r);

#endif
