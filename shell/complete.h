/* Tab completion: verbs, nodes, request ids, tables and columns, SQL keywords. Never file names. */
#ifndef COMPLETE_H
#define COMPLETE_H

void complete_init(void);

#endif
