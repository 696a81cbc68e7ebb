/*
 * holdfast: the program. Nothing but the entry; everything else can be linked into tests.
 */
#include "shell/cli.h"
#include "banned.h"

int
main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
