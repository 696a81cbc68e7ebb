/* The names of the methods by which backups are made: see backup.h. */
#include "backup.h"
#include "banned.h"

const char *const backup_method_names[] = {"pg_dump", "mariadb-dump", "pgbackrest", "snapshot",
    "mariadb-backup", "mydumper", "command", "file", NULL};
