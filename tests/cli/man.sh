#!/usr/bin/env bash
# The manual pages say what --help says: a page a command, with each of its options; and roff finds nothing wrong in them.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
"${PYTHON:-python3}" "$LB_ROOT/scripts/man_pages.py" "$LB_BIN" .
plain() { sed 's/\\-/-/g; s/\\(dq/"/g; s/\\(aq/'"'"'/g; s/\\fB//g; s/\\fR//g; s/^\\&//' "$1"; }
names() { sed -n '/^\.TP/{n;p}' page; }

plain man1/lossbench.1 >overview
commands=$(lossbench --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
assert_between "$(echo "$commands" | wc -l)" 15 40 'commands'
assert_eq "$(find man1 -name '*.1' | wc -l)" "$(echo "$commands" | wc -l | awk '{ print $1 + 1 }')" 'pages'
for command in $commands; do
	lossbench "$command" --help >help
	plain "man1/lossbench-$command.1" >page
	grep -qxF "lossbench-$command(1)" overview || fail "lossbench(1) does not name $command"
	# options stand two to six columns from the left, with their letter and their value
	sed -nE 's/^ {2,6}(-.*)/\1/p' help | sed -E 's/  +.*//' >options
	assert_eq "$(names | grep '^-' || true)" "$(cat options)" "options of lossbench-$command(1)"
	# every word of the help, wherever its lines end
	tr -s ' \n' '\n' <page | sort -u >words
	sed -E 's/^(usage|examples?|options|positional arguments)://' help | tr -s ' \n' '\n' | sed '/^$/d' | sort -u | comm -23 - words >lost
	assert_eq "$(cat lost)" '' "words of $command --help that its page lacks"
done

# the keys of a config
plain man5/lossbench-config.5 >page
# shellcheck disable=SC2016 # the quotes of Markdown
lossbench config reference | sed -nE 's/^\| `([^`]+)` .*/\1/p' >keys
assert_eq "$(names)" "$(cat keys)" 'keys of lossbench-config(5)'
assert_contains "$(grep -x -A 2 'train.epochs' page | tr '\n' ' ')" 'train.epochs passes over the training rows; allowed: an integer in [1, 1000000]; default: 20'

needs groff
for page in man1/*.1 man5/*.5; do
	assert_eq "$(groff -man -ww -Tascii "$page" 2>&1 >shown)" '' "what groff says of $page"
	assert_contains "$(sed 's/.\x08//g' shown | tr -s '\n ' ' ')" 'NAME lossbench'
done
