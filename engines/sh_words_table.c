/*
 * Words of commands that destroy what they name, and options that take the next word. A word here
 * counts wherever it stands: too much is destructive rather than too little.
 */
#include <stddef.h>

#include "engines/sh_lex.h"
#include "banned.h"

const struct sh_words sh_words[] = {
    {"apt", "purge --purge", "-o -t -c"},
    {"apt-get", "purge --purge", "-o -t -c"},
    {"aptitude", "purge", NULL},
    {"aws", "rm delete destroy --delete rb terminate-instances delete-db-instance", NULL},
    {"az", "delete purge", NULL},
    {"barman", "delete delete-backup", NULL},
    {"btrfs", "delete", NULL},
    {"consul", "delete", NULL},
    {"crontab", "-r", "-u"},
    {"cryptsetup", "luksFormat luksErase erase reencrypt luksKillSlot luksRemoveKey format", NULL},
    {"docker", "rm rmi prune -v --volumes", "-n --tail -f --filter --format --since -c --context"},
    {"docker-compose", "rm -v --volumes", "-f -p --file"},
    {"dpkg", "-P --purge", NULL},
    {"etcdctl", "del rmdir rm", NULL},
    {"gcloud", "delete", NULL},
    {"git", "clean reset", "-C"},
    {"gsutil", "rm -d", NULL},
    {"helm", "uninstall delete", "-n --namespace"},
    {"kubectl", "delete drain replace", "-n --namespace -l -c -o --context --tail"},
    {"mariadb-admin", "drop", NULL},
    {"mariadb-backup", "--move-back --copy-back --force-non-empty-directories", NULL},
    {"mariabackup", "--move-back --copy-back --force-non-empty-directories", NULL},
    {"mdadm", "--zero-superblock --create -C", NULL},
    {"mysqladmin", "drop", NULL},
    {"nerdctl", "rm rmi prune -v --volumes", NULL},
    {"oc", "delete drain replace", "-n --namespace -l -c -o --context --tail"},
    {"patronictl", "remove reinit", "-c --config-file -d --dcs"},
    {"pg_checksums", NULL, "-D --pgdata -f --filenode"},
    {"pg_ctl", NULL, "-D --pgdata"},
    {"pg_restore", "-c --clean", NULL},
    {"pgbackrest", "expire stanza-delete", NULL},
    {"podman", "rm rmi prune -v --volumes", NULL},
    {"pvcreate", "-ff --force", NULL},
    {"rclone", "delete deletefile purge sync move cleanup rmdirs", NULL},
    {"redis-cli", "FLUSHALL FLUSHDB flushall flushdb DEL del", NULL},
    {"repmgr", "cleanup", "-f"},
    {"s3cmd", "del rm rb sync --delete-removed", NULL},
    {"systemctl", NULL, "-p --property -n --lines -t --type -o --output"},
    {"tar", "--remove-files --delete", NULL},
    {"terraform", "destroy apply", NULL},
    {"top", NULL, "-n -d -p -o -u -w"},
    {"userdel", "-r --remove -rf -fr", NULL},
    {"vgcfgrestore", "-f --file", NULL},
    {"virsh", "undefine vol-delete vol-wipe snapshot-delete pool-delete", NULL},
    {"wal-g", "delete", NULL},
    {"xtrabackup", "--move-back --copy-back --force-non-empty-directories", NULL},
    {"yum", NULL, NULL},
    {"zfs", "destroy rollback", NULL},
    {"zpool", "destroy create labelclear", NULL},
};
const size_t sh_nwords = sizeof(sh_words) / sizeof(sh_words[0]);
