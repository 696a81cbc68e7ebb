/*
 * The methods by which a site makes its backups: a row each.
 */
#include <string.h>

#include "engines/backups.h"
#include "banned.h"

const struct backup_method backup_methods[] = {
    {"pg_dump", "postgresql", backup_files, backup_look_pg_dump, NULL, pg_backup_take,
	pg_backup_load},
    {"mariadb-dump", "mariadb", backup_files, backup_look_my_dump, backup_gap_my_dump,
	my_backup_take, my_backup_load},
    {"pgbackrest", "postgresql", backup_pgbackrest_items, backup_pgbackrest_look,
	backup_pgbackrest_gap, backup_pgbackrest_take, backup_pgbackrest_restore},
    {"snapshot", NULL, backup_trees, backup_look_tree, NULL, NULL, backup_restore_tree},
    {"mariadb-backup", "mariadb", backup_trees, backup_look_tree, NULL, NULL,
	backup_restore_prepared},
    {"mydumper", "mariadb", backup_trees, backup_look_mydumper, NULL, NULL, my_backup_load_tree},
    {"command", NULL, backup_files, NULL, NULL, backup_take_command, NULL},
    {"file", NULL, backup_files, NULL, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

/* The first bytes of a file, and the method that reads such ones. */
static const struct {
	const char *begins, *method;
} contents[] = {
    {"PGDMP", "pg_dump"},
    {"--\n-- PostgreSQL database", "pg_dump"},
    {"-- MariaDB dump", "mariadb-dump"},
    {"-- MySQL dump", "mariadb-dump"},
    {"/*M!999999\\- enable the sandbox mode */", "mariadb-dump"},
    {"/*!999999\\- enable the sandbox mode */", "mariadb-dump"},
};

const struct backup_method *
backup_method(const char *name)
{
	size_t i;

	for (i = 0; backup_methods[i].name != NULL; i++)
		if (strcmp(backup_methods[i].name, name) == 0)
			return &backup_methods[i];
	return NULL;
}

const struct backup_method *
backup_by_content(struct arena *a, const char *path)
{
	size_t len, i;
	const char *head = backup_edge(a, path, 0, &len);

	for (i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
		if (strncmp(head, contents[i].begins, strlen(contents[i].begins)) == 0)
			return backup_method(contents[i].method);
	return NULL;
}
