/*
 * What an object is in the catalogue, as SQL: the same words for looking it up and for checking it
 * again on the connection that acts. Private to the my_ files; pure.
 */
#ifndef MY_CATALOG_H
#define MY_CATALOG_H

struct arena;

/* Scalars. The table's number: InnoDB's TABLE_ID, else one made of name and time of creation; 0
 * where there is none. And the number of its file. new_names: MySQL 8. */
char *my_object_id(struct arena *a, const char *schema, const char *name, int new_names);
char *my_object_file(struct arena *a, const char *schema, const char *name, int new_names);

#endif
