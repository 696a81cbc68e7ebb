/*
 * journal verify against everything one can do to a sealed file: every bit, every length, every
 * line. None may come out as sealed and trusted.
 */
#include "fixture.h"
#include "journal/line.h"

static void
write_file(
    const char *file, const char *a, size_t na, const char *b, size_t nb, const char *c, size_t nc)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, a, na), na);
	assert_int_equal(write(fd, b, nb), nb);
	assert_int_equal(write(fd, c, nc), nc);
	close(fd);
}

static void
test_sealed(void **state)
{
	struct fixture f;
	char text[1024], *file;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	assert_non_null(strstr(text, "sealed and trusted"));
	assert_non_null(strstr(text, "certified by alice"));
	assert_non_null(strstr(text, "record 5 by bob at 2026-11-22T03:01:00Z"));
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_UNTRUSTED);
	assert_non_null(strstr(text, "no operators file"));
	fixture_done(&f);
}

static void
test_every_bit(void **state)
{
	struct fixture f;
	char text[1024], *file, *p;
	size_t n, i, one = 0, damage = 0;
	int bit, fd;
	enum verify_code code;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	p = slurp(&f, file, &n);
	chmod(file, 0600);
	fd = open(file, O_WRONLY);
	assert_true(fd >= 0);
	for (i = 0; i < n; i++) {
		for (bit = 0; bit < 8; bit++) {
			char c = (char)(p[i] ^ (1 << bit));

			assert_int_equal(pwrite(fd, &c, 1, (off_t)i), 1);
			code = verify(file, &f.operators, text, sizeof(text));
			if (code == VERIFY_TAMPERED)
				one++;
			else if (code == VERIFY_CRASH && i + 2000 > n)
				damage++;
			else
				fail_msg("bit %d of byte %zu: %d %s", bit, i, code, text);
		}
		assert_int_equal(pwrite(fd, p + i, 1, (off_t)i), 1);
	}
	close(fd);
	print_message("# %zu bits flipped: %zu tampered, %zu crash damage of the last line\n",
	    8 * n, one, damage);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	fixture_done(&f);
}

static void
test_every_length(void **state)
{
	struct fixture f;
	char text[1024], *file, *p;
	size_t n, i;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	p = slurp(&f, file, &n);
	chmod(file, 0600);
	for (i = n; i-- > 0;) {
		assert_int_equal(truncate(file, (off_t)i), 0);
		switch (verify(file, &f.operators, text, sizeof(text))) {
		case VERIFY_CRASH:
			break;
		case VERIFY_OPEN:
			if (i == 0 || p[i - 1] != '\n')
				fail_msg("length %zu: %s", i, text);
			break;
		case VERIFY_SEALED:
		case VERIFY_TAMPERED:
		case VERIFY_UNTRUSTED:
		case VERIFY_IO:
			fail_msg("length %zu: %s", i, text);
		}
	}
	/* And one byte more, of every value. */
	for (i = 0; i < 256; i++) {
		char c = (char)i;

		write_file(file, p, n, &c, 1, "", 0);
		assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	}
	fixture_done(&f);
}

static void
test_every_byte_in_or_out(void **state)
{
	struct fixture f;
	char text[1024], *file, *p;
	size_t n, i;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	p = slurp(&f, file, &n);
	chmod(file, 0600);
	for (i = 0; i < n; i++) {
		write_file(file, p, i, "x", 1, p + i, n - i);
		assert_int_not_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
		write_file(file, p, i, " ", 1, p + i, n - i);
		assert_int_not_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
		write_file(file, p, i, p + i + 1, n - i - 1, "", 0);
		assert_int_not_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	}
	fixture_done(&f);
}

static size_t
lines_of(const char *p, size_t n, const char *line[], size_t len[])
{
	size_t count = 0, i, from = 0;

	for (i = 0; i < n; i++)
		if (p[i] == '\n') {
			line[count] = p + from;
			len[count++] = i + 1 - from;
			from = i + 1;
		}
	return count;
}

/* Writes the lines in the given order; -1 ends. */
static void
write_order(const char *file, const char *line[], const size_t len[], const int *order)
{
	FILE *out = fopen(file, "wb");

	for (; *order >= 0; order++)
		fwrite(line[*order], 1, len[*order], out);
	fclose(out);
}

static void
test_every_line(void **state)
{
	struct fixture f;
	const char *line[64];
	size_t len[64], n;
	int order[70], count, i, k, m, at;
	char text[1024], *file, *p;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	p = slurp(&f, file, &n);
	chmod(file, 0600);
	count = (int)lines_of(p, n, line, len);
	assert_in_range(count, 20, 40);
	for (i = 0; i < count; i++) {
		for (at = 0, k = 0; k < count; k++)
			if (k != i)
				order[at++] = k;
		order[at] = -1;
		write_order(file, line, len, order);
		assert_int_equal(verify(file, &f.operators, text, sizeof(text)),
		    i == count - 1 ? VERIFY_OPEN : VERIFY_TAMPERED);
		for (at = 0, k = 0; k < count; k++) {
			order[at++] = k;
			if (k == i)
				order[at++] = k;
		}
		order[at] = -1;
		write_order(file, line, len, order);
		assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
		for (m = i + 1; m < count; m++) {
			for (k = 0; k < count; k++)
				order[k] = k == i ? m : k == m ? i : k;
			order[count] = -1;
			write_order(file, line, len, order);
			assert_int_equal(
			    verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
		}
	}
	fixture_done(&f);
}

/* The lines again, each naming the one before it; the last signed by the session where `signs`. */
static void
rechain(struct fixture *f, const char *file, char *line[], size_t len[], int count, int signs)
{
	char hex[SHA256_HEX], *text, *sig, *cut;
	uint8_t leaf[SHA256_BYTES];
	FILE *out = fopen(file, "wb");
	struct err e;
	int i;

	for (i = 0; i < count; i++) {
		if (i > 0) {
			hex_encode(leaf, SHA256_BYTES, hex);
			memcpy(line[i] + strlen("{\"prev\":\""), hex, 64);
		}
		text = arena_strndup(f->a, line[i], len[i]);
		if (signs && i == count - 1) {
			cut = strstr(text, ",\"sig\":\"");
			*cut = '\0';
			assert_int_equal(sshsig_sign(f->a, f->session, NS_CHECKPOINT, text,
					     strlen(text), &sig, &e),
			    0);
			text = arena_printf(f->a, "%s,\"sig\":\"%s\"}", text, sig);
		}
		jline_leaf(text, strlen(text), leaf);
		fprintf(out, "%s\n", text);
	}
	fclose(out);
}

/* The last signature covers all before it; where it does not hold, the first that does not is
 * named. */
static void
test_one_signature_for_all(void **state)
{
	char text[1024], want[64], *file, *p, *line[64];
	const char *lines[64];
	struct fixture f;
	size_t len[64], n;
	int count, i, at = -1;

	(void)state;
	fixture_init(&f);
	file = fixture_story(&f, fixture_open(&f, NULL));
	p = slurp(&f, file, &n);
	chmod(file, 0600);
	count = (int)lines_of(p, n, lines, len);
	for (i = 0; i < count; i++) {
		line[i] = p + (lines[i] - p);
		len[i]--; /* the line feed */
		if (at < 0 && memmem(line[i], len[i], "\"type\":\"checkpoint\"", 19) != NULL)
			at = i;
	}
	assert_in_range(at, 1, count - 2);
	rechain(&f, file, line, len, count, 1);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	/* A signature before the last is another one: only who signs the last can do that. */
	line[at][len[at] - 40] = line[at][len[at] - 40] == 'A' ? 'B' : 'A';
	rechain(&f, file, line, len, count, 1);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	rechain(&f, file, line, len, count, 0);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	snprintf(want, sizeof(want), "record %d is not signed", at);
	if (strstr(text, want) == NULL)
		fail_msg("\"%s\" is not in: %s", want, text);
	/* It must have the form of one all the same. */
	line[at][len[at] - 40] = '-';
	rechain(&f, file, line, len, count, 1);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	/* Cut after a record that was changed: no close, and the last signature is before it. */
	line[at][len[at] - 40] = 'A';
	rechain(&f, file, line, len, at + 1, 0);
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_TAMPERED);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sealed),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_every_length),
	    cmocka_unit_test(test_every_byte_in_or_out),
	    cmocka_unit_test(test_every_line),
	    cmocka_unit_test(test_one_signature_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
