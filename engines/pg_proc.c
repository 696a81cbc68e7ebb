/*
 * Named, versioned procedures of a plan: a row each. A name that is not in the table does not run.
 */
#include "engines/backups.h"
#include "engines/pg_proc.h"
#include "banned.h"

const struct procedure pg_procedures[] = {
    {"undo-table-v1", proc_undo_table},
    {"backup-take-v1", backup_proc_take},
    {"backup-drill-v1", backup_proc_drill},
    {"safety-copy-v1", proc_safety_copy},
    {"undo-database-v1", proc_undo_database},
    {"restore-load-v1", proc_restore_load},
    {"restore-swap-v1", proc_restore_swap},
    {"restore-swap-back-v1", proc_restore_swap_back},
    {"pg-point-v1", proc_point},
    {"pg-unpoint-v1", proc_unpoint},
    {NULL, NULL},
};
