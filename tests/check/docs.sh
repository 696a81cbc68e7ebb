#!/bin/bash
# docs.sh [TREE [PROGRAM]]: what the program says of itself and what holdfast(1) says agree. Every verb
# row, subcommand, option and exit code stands in the page; the page names none that is not there;
# README names every subcommand.
set -u
tree=${1:-.}
program=${2:-${HOLDFAST_BUILD:-build}/holdfast}
case $program in /*) ;; *) program=$PWD/$program ;; esac
cd "$tree" || exit 2
bad=0
say() { echo "docs: $*"; bad=1; }
page=man/holdfast.1
help=$("$program" --help) || { echo "docs: $program --help fails"; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Rows of the verb tables: .name = "x" in commands/; a backslash stays one.
sed -n 's/^[[:space:]]*\.name = "\(.*\)",$/\1/p' commands/*.c | sed 's/\\\\/\\/g' | sort -u >"$tmp/rows"
sed -n 's/^[[:space:]]*\.alias = "\(.*\)",$/\1/p' commands/*.c | sed 's/\\\\/\\/g' | sort -u >"$tmp/aliases"
sed -n '/^commands:$/,/^$/s/^  \([a-z-][a-z-]*\) .*/\1/p' <<<"$help" | sort -u >"$tmp/subcommands"
grep -oE -- '(^|[ ,[])--[a-z][a-z-]*' <<<"$help" | sed 's/^[^-]*--//' | sort -u >"$tmp/options"
sed -n '/^exit codes:/,$p' <<<"$help" | grep -oE '(^|[ :,])[0-9]+ [a-z]' | grep -oE '[0-9]+' | sort -u >"$tmp/codes"
for f in rows subcommands options codes; do [ -s "$tmp/$f" ] || say "found no $f in the program"; done

# What the page says.
sed -n 's/^\.It Cm \([^ ]*\).*/\1/p' $page | sed -e 's/\\&//' -e 's/\\e/\\/g' | sort -u >"$tmp/page.names"
sed -n 's/^\.Cm \([^ ]*\) *\.*$/\1/p' $page | sed -e 's/\\&//' -e 's/\\e/\\/g' | sort -u >"$tmp/page.others"
grep -oE '^\.(It|Op) .*Fl -[a-z-]+' $page | grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -//' | sort -u >"$tmp/page.options"
sed -n '/^\.Sh EXIT STATUS/,/^\.Pp/s/^\.It \([0-9]*\)$/\1/p' $page | sort -u >"$tmp/page.codes"

while read -r n; do say "$page lacks the verb $n"; done < <(comm -23 "$tmp/rows" "$tmp/page.names")
while read -r n; do say "$page names the verb $n, which is not there"; done < <(comm -13 "$tmp/rows" "$tmp/page.names")
while read -r n; do say "$page lacks $n, another name of a verb"; done < <(comm -23 "$tmp/aliases" "$tmp/page.others")
while read -r n; do say "$page lacks the option --$n"; done < <(comm -23 "$tmp/options" "$tmp/page.options")
while read -r n; do say "$page lacks the exit code $n"; done < <(comm -23 "$tmp/codes" "$tmp/page.codes")
while read -r n; do say "$page has the exit code $n, which the program does not"; done < <(comm -13 "$tmp/codes" "$tmp/page.codes")
while read -r n; do
	grep -qwF -- "$n" README.md || say "README.md does not mention the subcommand $n"
done <"$tmp/subcommands"
# An option that only the page knows: the program must not call it unknown.
while read -r n; do
	grep -qF -- "\"$n\"" shell/*.c || grep -qF -- "\"--$n\"" commands/*.c shell/*.c ||
		say "$page names the option --$n, which no source does"
done <"$tmp/page.options"
[ $bad = 0 ] && echo "docs: $(wc -l <"$tmp/rows") verbs, $(wc -l <"$tmp/subcommands") subcommands, $(wc -l <"$tmp/options") options, $(wc -l <"$tmp/codes") exit codes: ok"
exit $bad
