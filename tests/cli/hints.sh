#!/usr/bin/env bash
# What a message adds to what is wrong: the config's line that names a missing file, the notation of a number, the code of a malformed
# --set, mistakes of values that a sweep replaces.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

config() { # DATA [LINE...]
	cat <<YAML
task: multiclass
data:
  train: {path: $1, label: label}
loss: {name: gce, q: 0.7}
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 2}
output: {dir: out}
YAML
	[ $# -eq 1 ] || printf '%s\n' "${@:2}"
}
iris=$LB_ROOT/datasets/samples/iris.csv.gz
config "$iris" >good.yaml

# A file that is not there, by the place of its name.
config nothing.csv >c.yaml
assert_exit 4 lossbench train c.yaml
assert_contains "$err" 'lossbench: c.yaml:3:17: data.train.path: nothing.csv: cannot be opened'
assert_exit 4 lossbench train good.yaml --set data.test.path=none.csv
assert_contains "$err" 'lossbench: --set data.test.path=none.csv: data.test.path: none.csv: cannot be opened'
config "$iris" 'sweep:' '  data.train.path: [nothing.csv, neither.csv]' '  train.seed: [1, 2]' >c.yaml
assert_exit 4 lossbench sweep c.yaml
for file in nothing neither; do assert_eq "$(grep -c "^lossbench: c.yaml:9:.*$file.csv: cannot\|^c.yaml:9:.*$file.csv: cannot" <<<"$err")" 1 "lines about $file.csv"; done

# Percent signs and decimal commas: in some cells, in all of them, and where they are categories on purpose.
refused() { # TABLE PART
	config data.csv >c.yaml
	printf '%b' "$1" >data.csv
	assert_exit 4 lossbench train c.yaml --quiet
	assert_contains "$err" "$2"
}
percent='a percent sign is no part of a number here: write 12 or 0.12, not 12%; correct the file, or name the column in data.categorical'
comma='correct the file, or name the column in data.categorical'
refused 'a,b,label\n1,12,x\n2,3%,y\n3,4,x\n' "data.csv:3: column 'b': found '3%' (1 such cell), the other 2 cells are numbers; $percent"
refused 'a,b,label\n1,12%,x\n2,3 %,y\n3,4%,x\n' "data.csv:2: column 'b': found '12%' (3 such cells); $percent"
refused 'a;b;label\n1.5;2;x\n2.5;2;y\n-2,5;3;y\n' "data.csv:4: column 'a': found '-2,5' (1 such cell), the other 2 cells are numbers; set data.decimal: comma to read '-2,5' as -2.5; $comma"
refused 'a;b;label\n1,5;2;x\n2,5;3;y\n3,25;1;x\n' "data.csv:2: column 'a': found '1,5' (3 such cells); set data.decimal: comma to read '1,5' as 1.5; $comma"
refused 'a,b,label\n1,12,x\n2,low,y\n3,4,x\n' "found 'low' (1 such cell), the other 2 cells are numbers; correct the file, list the text in data.missing_values"
{ echo a,b,label && for i in {1..30}; do echo "$i,$((i % 3 * 50))%,$([ $((i % 2)) = 0 ] && echo x || echo y)"; done; } >doses.csv
config doses.csv '' >c.yaml
assert_exit 4 lossbench train c.yaml --quiet
assert_exit 0 lossbench train c.yaml --quiet --set 'data.categorical=[b]'

# A number with a unit in every cell, or in most of them: a category with a warning, in data info, on standard error and in the record.
unit="holds numbers with the unit"
what_to_do='and each different one is a category; remove the unit from the file to use them as numbers, or name the column in data.categorical or data.drop'
rows() { # CELL...: a table of them, each with a label
	printf 'a;b;label\n'
	local i=0
	for cell; do
		printf '%s;%s;%s\n' "$i" "$cell" "$([ $((i % 2)) = 0 ] && echo x || echo y)"
		i=$((i + 1))
	done
}
warned() { # TEXT CELL...
	rows "${@:2}" "${@:2}" "${@:2}" "${@:2}" "${@:2}" >units.csv
	assert_exit 0 lossbench data info units.csv
	[ -n "$1" ] || { assert_lacks "$out$err" "$unit" && return; }
	assert_contains "$out$err" "$1"
	assert_contains "$out$err" "$what_to_do"
}
warned "column 'b' $unit 'kg' (all 15 cells, the first is '12kg' in line 2)" 12kg 13kg 14.5kg
warned "column 'b' $unit 'km/h' (all 20 cells, the first is '3 km/h' in line 2)" '3 km/h' '1,500 km/h' $'-2\xc2\xa0km/h' '4km/h'
warned "column 'b' $unit '°C' (15 of its 20 cells, the first is '12 °C' in line 3)" unknown '12 °C' '13 °C' '-1.5 °C'
warned '' 2door 4door
warned '' 1st 2nd 3rd 4th
warned '' 1a 2b 3c 4d
warned '' 'x 5' 'y 6' 'z 7'
warned '' 2020-01-01 2020-01-02 2020-01-03
rows 12kg 13kg 14kg 12kg 15kg 16kg 12kg 13kg 14kg 12kg 15kg 16kg >units.csv
config units.csv '' >c.yaml
assert_exit 0 lossbench train c.yaml --json --set output.dir=units --set data.split.test=0.5 --set data.unseen=zero
assert_contains "$err" "$what_to_do"
assert_contains "$out" "$unit 'kg'"
assert_exit 0 lossbench train c.yaml --json --set output.dir=units --set data.split.test=0.5 --set data.unseen=zero --set 'data.categorical=[b]'
assert_lacks "$err" "$unit"
printf 'a,b,label\n1,x 5,%s\n2,y 3,z\n' y >words.csv # texts with digits are texts
assert_exit 0 lossbench data info words.csv

# A --set that is none is a mistake of the command line; one with a wrong value is one of the config.
for command in train sweep 'config check' 'config resolve'; do
	# shellcheck disable=SC2086 # two words
	for set in loss.q a..b=3 =3; do
		assert_exit 2 lossbench $command good.yaml --set "$set"
		assert_contains "$err" "--set $set: allowed: key.path=value"
	done
done
assert_exit 3 lossbench train good.yaml --set loss.q=3
[ ! -e out/trials ] || [ "$(find out/trials -name '*.json' | wc -l)" = 1 ] || fail 'a refused command trained'

# A sweep replaces values in every trial: they are looked at all the same, each once, and what only the combination forbids is not.
config "$iris" 'sweep:' '  loss: [ce, {name: gce, q: [0.3, 0.7]}]' '  optimizer.lr: [0.1, 0.2]' '  zip: {train.epochs: [1, 2], train.seed: [1, 2]}' >c.yaml
assert_exit 0 lossbench config check c.yaml
sed 's/q: 0.7}/q: 7}/; s/lr: 0.1}/lr: -5}/; s/epochs: 2}/epochs: none}/' c.yaml >wrong.yaml
assert_exit 3 lossbench config check wrong.yaml
assert_eq "$err" "$(printf '%s\n' 'wrong.yaml:4:22: loss.q: found 7, allowed: a number in (0, 1]' \
	'wrong.yaml:5:28: optimizer.lr: found -5, allowed: a number in (0, 1000000]' \
	'wrong.yaml:6:17: train.epochs: found "none", allowed: an integer in [1, 1000000]')" 'mistakes of replaced values'
assert_exit 3 lossbench config check wrong.yaml --set loss=ce --set optimizer.lr=1
assert_lacks "$err" loss.q
assert_contains "$err" train.epochs
sed 's/{name: gce, q: 0.7}/{name: gcee}/' c.yaml >wrong.yaml
assert_exit 3 lossbench config check wrong.yaml
assert_contains "$err" 'wrong.yaml:4:14: loss.name: unknown loss "gcee"'
sed 's/^loss:.*/loss: {name: ce}/; s/^  loss:.*/  loss: [{name: gce, q: 0.3}]/' c.yaml >other.yaml
assert_exit 0 lossbench config check other.yaml

# The scripts of the checkout are found from a build that lies elsewhere.
mkdir far && cp "$LB_BIN" far/lossbench
assert_exit 0 lossbench train good.yaml --quiet
assert_exit 0 far/lossbench report out
assert_contains "$out" accuracy

# A range where one value is wanted.
{ grep -v '^train:' good.yaml && echo 'train: {seed: 1..5}'; } >range.yaml
assert_exit 3 lossbench sweep range.yaml --list
assert_contains "$err" 'train.seed: found "1..5", allowed: an integer in [0, 9007199254740992]; 1..5 is a range to be swept, in the sweep block or by --set'
