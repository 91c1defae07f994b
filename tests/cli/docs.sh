#!/usr/bin/env bash
# The pages that `make docs` generates are those of this program.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
"${PYTHON:-python3}" -c 'import yaml' || { echo 'skipped: the links of the catalogue need PyYAML'; exit 77; }
lossbench losses --markdown | "${PYTHON:-python3}" "$LB_ROOT/scripts/atlas.py" --links >losses.md
lossbench config reference >configs.md
cmp losses.md "$LB_ROOT/losses/README.md" || fail 'losses/README.md is old: run make docs'
cmp configs.md "$LB_ROOT/configs/README.md" || fail 'configs/README.md is old: run make docs'
# every loss stands in the index once, under its purpose
lacking=$(lossbench losses | awk 'NR == FNR { if (/^\| [a-z]/) index_of = index_of $0; next } !index(index_of, "[" $2 "](#" $2 ")") { print $2 }' losses.md -)
[ -z "$lacking" ] || fail "not in the index: $lacking"
# what the page on tests names is there
while read -r file; do
	[ -e "$LB_ROOT/tests/$file" ] || fail "tests/README.md names tests/$file, which is not there"
done < <(grep -oE '\]\([^)#]+\)' "$LB_ROOT/tests/README.md" | tr -d ']()')
