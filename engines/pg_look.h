/*
 * Looking at a server for the operator: read-only questions on the operator's own session, since
 * only there the search_path, temporary tables and uncommitted objects are the same. Private to
 * engines/.
 */
#ifndef PG_LOOK_H
#define PG_LOOK_H

#include "engines/pg_driver.h"

/*
 * One question on the operator's session. Inside an open transaction it stands behind a savepoint,
 * so that an error cannot end what the operator began; in a failed one it is refused (ERR_REFUSED).
 */
int look(struct cluster *c, struct waiter *w, const char *sql, int nparams,
    const char *const *params, PGresult **out, struct err *e);
/* True where the operator's session can be asked at all. */
int look_is_possible(const struct cluster *c);
/* A one-dimensional array literal of n texts, for a parameter; NULL elements are SQL NULL. */
char *look_array(struct arena *a, const char *const *texts, size_t n);
/* A cell as arena text, NULL for SQL NULL; as a number, `none` for SQL NULL. */
char *look_text(struct arena *a, const PGresult *r, int row, int column);
int64_t look_int(const PGresult *r, int row, int column, int64_t none);

/* Relations of pg_catalog, sorted: see pg_catalogs_table.c. */
extern const char *const pg_catalog_names[];
extern const size_t pg_ncatalog_names;

#endif
