/*
 * Prints what `holdfast classify -e postgresql` prints, without the program around it: one line for
 * each statement of standard input. For the suites of tests/classify.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engine.h"
#include "engines/pg_lex.h"
#include "text.h"

int
main(int argc, char **argv)
{
	static char text[1 << 26];
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct arena *a = arena_new();
	size_t len = fread(text, 1, sizeof(text), stdin), i;
	struct script s;

	(void)argv;
	if (argc > 1)
		lx.standard_conforming_strings = 0;
	if (pg_classify(text, len, &lx, a, &s, NULL) != 0)
		return 1;
	if (s.nstatements == 0)
		printf("read\tempty\t\tnothing but white space and comments\n");
	for (i = 0; i < s.nstatements; i++)
		printf("%s\t%s\t%s\t%s\n", danger_name(s.statements[i].danger),
		    statement_kinds(a, &s.statements[i]),
		    text_inert(a, text + s.statements[i].from, s.statements[i].len, 0),
		    text_inert(a, statement_why(&s.statements[i]),
			strlen(statement_why(&s.statements[i])), 0));
	arena_free(a);
	return 0;
}
