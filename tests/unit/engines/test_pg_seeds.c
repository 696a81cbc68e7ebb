/*
 * Replays the seeds of the fuzz targets, and each cut short at every eighth byte, in an ordinary
 * test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/fuzz/pg_sql.c"

static int
replay(const char *path)
{
	uint8_t *data = malloc(1 << 16);
	FILE *f = fopen(path, "r");
	size_t n, i;

	assert_non_null(f);
	n = fread(data, 1, 1 << 16, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	for (i = 1; i < n; i += 8)
		LLVMFuzzerTestOneInput(data, i);
	free(data);
	return 1;
}

static void
test_seeds(void **state)
{
	const char *top = getenv("HOLDFAST_TOP");
	char dir[2048], path[4096];
	struct dirent *d;
	DIR *all;
	int n = 0;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/tests/fuzz/pg_sql.seeds", top != NULL ? top : ".");
	all = opendir(dir);
	assert_non_null(all);
	while ((d = readdir(all)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		if (d->d_name[0] != '.')
			n += replay(path);
	}
	closedir(all);
	print_message("# %d seeds\n", n);
	assert_true(n > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
