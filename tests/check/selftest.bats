# Every check can fail: each is given a small tree with one thing wrong, and the same tree without it.

setup() {
	T=$(mktemp -d)
	C=$BATS_TEST_DIRNAME
	mkdir -p "$T"/{include,journal,engines,policy,commands,shell,man}
	cp "$C/../../.clang-format" "$T"
	printf '/* Nothing. */\n#define NOTHING 0\n' >"$T/include/banned.h"
	printf '/* Ask. */\n#include "noun.h"\n' >"$T/engines/ask.h"
	printf '/* Run. */\n' >"$T/engines/run.h"
	printf '/* A noun. */\nint noun(void);\n' >"$T/include/noun.h"
	printf '/* A judge. */\n#include "noun.h"\n#include "banned.h"\n\nint\nnoun(void)\n{\n\treturn 0;\n}\n' >"$T/policy/judge.c"
	printf '/* A verb. */\n#include "engines/ask.h"\n#include "banned.h"\n' >"$T/commands/verb.c"
	printf '/* The door. */\n#include "engines/run.h"\n#include "banned.h"\n' >"$T/shell/run.c"
	printf 'commands\tengines/ask.h\tquestions\nshell/run.c\tengines/run.h\tthe door\n' >"$T/floors"
}
teardown() { rm -rf "$T"; }

# fails CHECK WORDS: the check fails, and says these words.
fails() {
	run "$C/$1.sh" "$T" "${@:3}"
	[ "$status" -ne 0 ] || { echo "$1 passed: $output"; return 1; }
	[[ $output == *"$2"* ]] || { echo "$output"; return 1; }
}
passes() {
	run "$C/$1.sh" "$T"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "floors: a clean tree passes; sideways, upward and undeclared includes do not" {
	passes floors
	printf '#include "engines/ask.h"\n' >>"$T/policy/judge.c"
	fails floors "policy/judge.c includes engines/ask.h"
}

@test "floors: the door's effects are for the door alone" {
	printf '#include "engines/run.h"\n' >>"$T/commands/verb.c"
	fails floors "commands/verb.c includes engines/run.h"
}

@test "floors: a path upwards, a header that is not there, a macro" {
	printf '#include "../engines/run.h"\n' >>"$T/shell/run.c"
	fails floors "no way up"
	printf '#include "nowhere.h"\n' >"$T/policy/judge.c"
	fails floors "nowhere.h"
	printf '#define H "noun.h"\n#include H\n' >"$T/policy/judge.c"
	fails floors "through a macro"
}

@test "floors: at most six exceptions, each with a reason" {
	printf 'policy\tengines/ask.h\n' >>"$T/floors"
	fails floors "has no reason"
	for i in 1 2 3 4 5; do printf 'policy\tengines/ask.h\treason\n'; done >>"$T/floors"
	fails floors "six at most"
}

@test "floors: an empty tree does not pass" {
	rm "$T"/*/*.[ch]
	fails floors "found no file"
	fails sizes "found no file"
	fails banned "found no file"
	fails format "found no file"
}

@test "symbols: a call upwards without any include is found" {
	cd "$T"
	for f in include journal engines policy commands shell; do
		echo "int ${f}_own(void); int ${f}_own(void) { return 0; }" >"$f/own.c"
		gcc -c -o "$f/own.o" "$f/own.c"
		ar rcs "$f.a" "$f/own.o"
	done
	passes symbols
	echo "int shell_own(void); int up(void); int up(void) { return shell_own(); }" >policy/up.c
	gcc -c -o policy/up.o policy/up.c
	ar rcs policy.a policy/up.o
	fails symbols "policy needs shell_own"
}

@test "sizes: a long function, a long file, a long command" {
	passes sizes
	{ printf 'int\nlong_one(void)\n{\n'; for i in {1..61}; do echo "	;"; done; echo "}"; } >"$T/policy/judge.c"
	fails sizes "a function of 61 lines"
	{ printf 'int\nshort_one(void)\n{\n'; for i in {1..60}; do echo "	;"; done; echo "}"; } >"$T/policy/judge.c"
	passes sizes
	for i in {1..501}; do echo "/* $i */"; done >"$T/policy/judge.c"
	fails sizes "has 501 lines"
	mv "$T/policy/judge.c" "$T/policy/judge_table.c"
	passes sizes
	for i in {1..151}; do echo "/* $i */"; done >"$T/commands/verb.c"
	fails sizes "150 at most"
}

@test "sizes: a brace that hides a function's length" {
	printf 'int hidden(void) {\n\treturn 0;\n}\n' >"$T/policy/judge.c"
	fails sizes "does not stand in column 0"
}

@test "banned: banned.h last, printing, exiting, jumping, typedefs" {
	passes banned
	printf '#include "banned.h"\n#include "noun.h"\n' >"$T/policy/judge.c"
	fails banned "the last include is noun.h"
	for code in 'printf("x");' 'fprintf(stderr, "x");' 'fputs("x", stdout);' 'perror("x");' 'puts("x");'; do
		printf '#include "banned.h"\nint\nf(void)\n{\n\t%s\n}\n' "$code" >"$T/policy/judge.c"
		fails banned "only shell/ prints"
	done
	printf '#include "banned.h"\nint\nf(void)\n{\n\texit(1);\n}\n' >"$T/policy/judge.c"
	fails banned "no exit()"
	printf '#include "banned.h"\nint\nf(void)\n{\n\tif (sigsetjmp(b, 1))\n\t\t;\n}\n' >"$T/policy/judge.c"
	fails banned "no jumps"
	printf 'typedef struct plan plan_t;\n#include "banned.h"\n' >"$T/policy/judge.c"
	fails banned "no typedef"
}

@test "banned: words in comments and strings are not code" {
	printf '/* printf("x") and exit(1) */\n#include "banned.h"\nconst char *s = "exit(1); printf(2)"; // puts("x")\n' >"$T/policy/judge.c"
	passes banned
}

@test "banned: each function of banned.h is a compile error" {
	cd "$C/../.."
	n=0
	for f in $(sed -n 's/^#undef //p' include/banned.h); do
		printf '#include <string.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\n#include <setjmp.h>\n#include "banned.h"\nint x(void);\nint x(void) { return (int)(long)%s(%s); }\n' \
			"$f" "$(sed -n "s/^#define $f(\(.*\)) BANNED.*/\1/p" include/banned.h | sed 's/\.\.\./0/; s/[a-z]\{1,\}/0/g')" >"$T/x.c"
		run gcc -Iinclude -Wall -Werror -c -o /dev/null "$T/x.c"
		[ "$status" -ne 0 ] || { echo "$f compiles"; return 1; }
		[[ $output == *sorry_* ]]
		n=$((n + 1))
	done
	[ $n -gt 15 ]
}

@test "format: another layout, white space at the end, no last newline" {
	passes format
	printf 'int\nf(void) { return 0; }\n' >"$T/policy/judge.c"
	fails format "clang-format -i"
	printf '/* x */\n' >"$T/policy/judge.c"
	printf 'x: \n' >"$T/Makefile"
	fails format "white space"
	printf 'x:' >"$T/Makefile"
	fails format "newline"
}

@test "mdoc: a page with an error, a reference to a page that is not there" {
	printf '.Dd November 22, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd a page\n' >"$T/man/x.1"
	passes mdoc
	printf '.Xr holdfast-nothing 5\n' >>"$T/man/x.1"
	fails mdoc "holdfast-nothing(5)"
	printf '.Dd November 22, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd a page\n.Bl -tag\n' >"$T/man/x.1"
	fails mdoc "x.1"
}

# A program that only knows --help, and a page that fits it.
doc_tree() {
	cat >"$T/prog" <<-'EOF'
	#!/bin/sh
	printf 'usage: x\n  --json  y\n\ncommands:\n  verb   does\n\nexit codes: 0 ok, 1 failed,\n  2 usage\n'
	EOF
	chmod +x "$T/prog"
	printf 'const struct command command_verb = {\n    .name = "verb",\n    .alias = "\\\\v",\n};\n' >"$T/commands/verb.c"
	printf 'const char *o = "json";\n' >"$T/shell/cli.c"
	cat >"$T/man/holdfast.1" <<-'EOF'
	.It Fl -json
	.It Cm verb Op Ar x
	.Cm \ev .
	.Sh EXIT STATUS
	.It 0
	.It 1
	.It 2
	.Pp
	EOF
	echo 'use verb' >"$T/README.md"
}

@test "docs: verb, alias, option, exit code, README" {
	doc_tree
	run "$C/docs.sh" "$T" "$T/prog"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	sed -i 's/^\.It Cm verb.*/.It Cm other/' "$T/man/holdfast.1"
	fails docs "lacks the verb verb" "$T/prog"
	fails docs "names the verb other" "$T/prog"
	doc_tree; sed -i '/\\ev/d' "$T/man/holdfast.1"
	fails docs "another name" "$T/prog"
	doc_tree; sed -i '/json/d' "$T/man/holdfast.1"
	fails docs "lacks the option --json" "$T/prog"
	doc_tree; echo '.It Fl -magic' >>"$T/man/holdfast.1"
	fails docs "--magic, which no source does" "$T/prog"
	doc_tree; sed -i '/^.It 2/d' "$T/man/holdfast.1"
	fails docs "lacks the exit code 2" "$T/prog"
	doc_tree; echo 'nothing' >"$T/README.md"
	fails docs "README.md does not mention" "$T/prog"
}

@test "tap: a failure, a skip, a to-do, no test, and no file do not pass" {
	export TAP_COUNTS=$T/counts
	printf '@test "a" { true; }\n@test "b" { true; }\n' >"$T/t.bats"
	run "$C/tap.sh" x "bats --tap" "$T/t.bats"
	[ "$status" -eq 0 ]
	[ "$(cat "$T/counts")" = "x 2 0 0" ]
	printf '@test "a" { false; }\n@test "b" { true; }\n' >"$T/t.bats"
	run "$C/tap.sh" x "bats --tap" "$T/t.bats"
	[ "$status" -ne 0 ]
	[ "$(tail -n 1 "$T/counts")" = "x 2 1 0" ]
	printf '@test "a" { skip; }\n@test "b" { true; }\n' >"$T/t.bats"
	run "$C/tap.sh" x "bats --tap" "$T/t.bats"
	[ "$status" -ne 0 ] && [[ $output == *"skipped test does not pass"* ]]
	printf '#!/bin/sh\necho 1..1; echo "not ok 1 # TODO later"\n' >"$T/t.sh"; chmod +x "$T/t.sh"
	run "$C/tap.sh" x "" "$T/t.sh"
	[ "$status" -ne 0 ]
	printf '#!/bin/sh\necho 1..0\n' >"$T/t.sh"
	run "$C/tap.sh" x "" "$T/t.sh"
	[ "$status" -ne 0 ]
	printf '#!/bin/sh\necho 1..2; echo ok 1\n' >"$T/t.sh"
	run "$C/tap.sh" x "" "$T/t.sh"
	[ "$status" -ne 0 ]
	run "$C/tap.sh" x "" "$T/nothing"
	[ "$status" -ne 0 ] && [[ $output == *"no test file"* ]]
}

@test "tap: with servers, a file that failed beside others runs once more alone; what is wrong fails again" {
	export TAP_COUNTS=$T/counts
	printf '@test "late" {\n[ -e "%s/ran" ] || { touch "%s/ran"; false; }\n}\n' "$T" "$T" >"$T/late.bats"
	echo '@test "well" { true; }' >"$T/well.bats"
	TAP_ROOT=1 run "$C/tap.sh" x "bats --tap" "$T/late.bats" "$T/well.bats"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"not ok 1 late"*"1 of 2 files failed beside others; once more, alone:"*"late.bats"* ]]
	[ "$(cat "$T/counts")" = "x 2 0 1" ]
	echo '@test "wrong" { false; }' >"$T/wrong.bats"
	TAP_ROOT=1 run "$C/tap.sh" x "bats --tap" "$T/wrong.bats" "$T/well.bats"
	[ "$status" -ne 0 ]
	[ "$(tail -n 1 "$T/counts")" = "x 2 1 1" ]
	# Without servers nothing has an excuse.
	rm "$T/ran"
	run "$C/tap.sh" x "bats --tap" "$T/late.bats" "$T/well.bats"
	[ "$status" -ne 0 ]
}

@test "oracle: a name that only MariaDB's headers have is an error" {
	run "$C/oracle.sh" engines/my_library.c
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	for name in 'mysql_real_query_start(0, 0, 0, 0)' 'mysql_get_socket(0)' 'MYSQL_OPT_NONBLOCK' '(my_bool)0'; do
		printf '#include <mysql.h>\nint x(void);\nint x(void) { return (int)%s; }\n' "$name" >"$T/x.c"
		run "$C/oracle.sh" "$T/x.c"
		[ "$status" -ne 0 ] || { echo "$name compiles"; return 1; }
		[[ $output == *poisoned* ]] || { echo "$output"; return 1; }
	done
}
