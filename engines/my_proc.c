/*
 * Named, versioned procedures of a plan: a row each. A name that is not in the table does not run.
 */
#include "engines/backups.h"
#include "engines/my_undo.h"
#include "banned.h"

const struct procedure my_procedures[] = {
    {"undo-table-v1", my_proc_undo_table},
    {"backup-take-v1", backup_proc_take},
    {"backup-drill-v1", backup_proc_drill},
    {"safety-copy-v1", my_proc_safety_copy},
    {"undo-database-v1", my_proc_undo_database},
    {"restore-load-v1", my_proc_restore_load},
    {"restore-swap-v1", my_proc_restore_swap},
    {"restore-swap-back-v1", my_proc_restore_swap_back},
    {"my-cut-v1", my_proc_cut},
    {NULL, NULL},
};
