/* Makes the files a command wants made, all of them or none. */
#ifndef NEW_FILES_H
#define NEW_FILES_H

#include "command.h"

int new_files_write(const struct new_file *files, size_t n, struct err *e);

#endif
