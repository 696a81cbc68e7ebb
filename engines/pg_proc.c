/*
 * Named, versioned procedures of a plan: a row each. A name that is not in the table does not run.
 */
#include "engines/pg_proc.h"
#include "banned.h"

const struct procedure pg_procedures[] = {
    {"undo-table-v1", proc_undo_table},
    {"backup-take-v1", proc_backup_take},
    {"backup-drill-v1", proc_backup_drill},
    {"safety-copy-v1", proc_safety_copy},
    {"undo-database-v1", proc_undo_database},
    {"pg-point-v1", proc_point},
    {"pg-unpoint-v1", proc_unpoint},
    {NULL, NULL},
};
