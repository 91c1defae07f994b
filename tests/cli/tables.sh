#!/usr/bin/env bash
# Tables as they come: what can be known of a text file is read right, what is guessed is said (data info, stderr, the record), what
# cannot be known is refused with what to do.
# shellcheck disable=SC2016 # amounts of money, not variables
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

config() { # FILE TASK LOSS [LINE of data...]
	printf '%s\n' "task: $2" 'data:' "  train: {path: $1}" "${@:4}" "loss: {name: $3}" 'train: {epochs: 1}' 'metrics: []' 'output: {dir: out}'
}
# record CONFIG [ARGUMENT...]: trains and leaves the record's name in $record.
train() {
	rm -rf out
	assert_exit 0 lossbench train --config "$@"
	record=$(echo out/trials/*.json)
}
# alone CONFIG: trains a config of init without its sweep.
alone() {
	sed -i '/^sweep:/,$d' "$1"
	echo 'output: {dir: out}' >>"$1"
	train "$1" --set train.epochs=1
}
rows() { # N FORMAT: lines of awk's printf over i = 0 .. N-1 and k = i mod 2
	awk -v n="$1" -v f="$2" 'BEGIN { for (i = 0; i < n; i++) { line = f; gsub("@i", i, line); gsub("@k", i % 2 ? "b" : "a", line); gsub("@r", i * i % 7, line); print line } }'
}

# A header of numbers, as pandas writes an array: read as one, and said in info, on stderr and in the record.
{ echo 0,1,2,3 && rows 60 '@r,@i.5,3,@k'; } >array.csv
assert_exit 0 lossbench data info array.csv
assert_contains "$out" 'rows     60'
assert_contains "$out" 'array.csv: the numbers of the first line count the columns, so that it was taken for a header; set data.header: false'
config array.csv binary logistic >c.yaml
train c.yaml
assert_contains "$err" 'warning: array.csv: the numbers of the first line count the columns'
assert_contains "$(json "$record" .data.warnings)" 'count the columns'
assert_exit 0 lossbench data info array.csv --set data.header=false
assert_contains "$out" 'rows     61'

# A name that the config asks for stands in the first line; with data.header: false that line is named.
{ echo ring,cap && rows 12 '@k,x@r'; } >words.csv
assert_exit 0 lossbench data info words.csv --label ring
assert_contains "$out" 'rows     12'
assert_exit 4 lossbench data info words.csv --label ring --set data.header=false
assert_contains "$err" "there is no column 'ring', but the first line holds this name: set data.header: true"

# An index column: said everywhere; init leaves it out.
{ echo ,a,b,label && rows 60 '@i,@r.5,@r,@k'; } >index.csv
assert_exit 0 lossbench data info index.csv
assert_contains "$out" "warning: the column 'column 1' has no name and counts the rows: an index? name it in data.drop"
assert_contains "$out" '  drop: ["column 1"]'
config index.csv binary logistic >c.yaml
train c.yaml
assert_contains "$(json "$record" .data.warnings)" 'counts the rows: an index?'
assert_exit 0 lossbench init index.csv --out index.yaml
alone index.yaml
assert_eq "$(json "$record" .data.warnings)" '[]'

# Labels, groups and categories of 16 to 19 digits stay apart, in the order of numbers; features are rounded and said to be.
awk 'BEGIN {
	print "id,g,v,label"
	for (i = 0; i < 300; i++)
		printf "90071992547409%02d,1234567890123456%03d,%d.5,%s\n", 93 + i % 2, int(i / 3), i * i % 7,
			i % 3 == 2 ? "7" : i % 3 ? "9223372036854775807" : "9223372036854775806"
}' >big.csv
config big.csv multiclass ce '  group: g' '  categorical: [id]' >c.yaml
train c.yaml
assert_eq "$(json "$record" .data.classes | tr -d '" ')" '[7,9223372036854775806,9223372036854775807]'
assert_eq "$(json "$record" .data.features)" 3 'two categories and a number'
config big.csv multiclass ce '  drop: [g]' >c.yaml
train c.yaml
assert_contains "$err" "column 'id': 150 whole numbers beyond 2^53 (16 digits) were rounded"
config big.csv binary logistic '  drop: [g, id]' '  positive: "9223372036854775807"' >c.yaml
sed -i '/,7$/d' big.csv
train c.yaml
assert_eq "$(json "$record" '.data.classes[1]')" 9223372036854775807 'the positive class'
cp big.csv big-test.csv
config big.csv binary logistic '  test: {path: big-test.csv}' '  drop: [g, id]' >c.yaml
train c.yaml
assert_eq "$(json "$record" .data.classes | tr -d '" ')" '[9223372036854775806,9223372036854775807]'

# Money is no category; a decimal comma and thousands are read when they are named.
{ echo income,label && rows 30 '"$2@i,000",@k'; } >money.csv
assert_exit 4 lossbench data info money.csv
assert_contains "$err" "money.csv:2: column 'income': found '\$20,000' (30 such cells); a currency is no part of a number here"
{ echo fee,label && rows 30 '"1,50@r",@k'; } >thousands.csv
assert_exit 4 lossbench data info thousands.csv
assert_contains "$err" "'1,500' is 1500 with data.thousands: comma and 1.5 with data.decimal: comma; set the one that is meant"
assert_exit 0 lossbench data info thousands.csv --set data.thousands=comma --json
assert_eq "$(json - '.columns[0].min' <<<"$out")" 1500
{ echo 'a;b;label' && rows 30 '1.234,5;-0,2@r;@k'; } >decimal.csv
assert_exit 4 lossbench data info decimal.csv
assert_contains "$err" 'set data.decimal: comma'
assert_exit 0 lossbench data info decimal.csv --set data.decimal=comma --json
assert_eq "$(json - '.columns[0].max' <<<"$out")" 1234.5
assert_exit 0 lossbench init decimal.csv --set data.decimal=comma --out decimal.yaml
alone decimal.yaml
assert_exit 3 lossbench config check decimal.yaml --set data.thousands=comma
assert_contains "$err" 'data.thousands: found comma, which is the decimal mark too'
{ echo 'v,price' && rows 30 '@i.5,"$1@i"'; } >price.csv
assert_exit 4 lossbench data info price.csv
assert_contains "$err" "column 'price': the target '\$10' is not a number; task: regression needs numbers; a currency is no part"

# The neutral value of a later key leaves the id as it was; another one does not.
config index.csv binary logistic >c.yaml
train c.yaml && id=$(basename "$record")
train c.yaml --set data.decimal=point
assert_eq "$(basename "$record")" "$id" 'id with data.decimal: point'
train c.yaml --set 'data.missing_values=[N/A]'
[ "$(basename "$record")" != "$id" ] || fail 'data.missing_values is no part of the id'

# Markers of missing values: those known, those listed, and a class called None.
{ echo bmi,label && rows 58 '@i.5,@k' && printf '%s\n' N/A,a n/a,b; } >markers.csv
assert_exit 0 lossbench data info markers.csv
assert_contains "$out" 'missing  2 cells'
sed 's/,a$/,None/; s/^1.5/-200/' markers.csv >none.csv
config none.csv binary logistic '  missing: mean' >c.yaml
assert_exit 4 lossbench train --config c.yaml
assert_contains "$err" 'the label is missing' 'data.missing_values: []'
train c.yaml --set 'data.missing_values=[N/A, n/a, -200]'
assert_eq "$(json "$record" .data.classes)" '["None", "b"]'

# Pipes, a first line that names the delimiter, files of R, one column alone.
printf '%s\n' 'a|b|label' '1|2|x' '3|4|y' >pipe.csv
{ echo 'sep=|' && cat pipe.csv; } >hint.csv
printf '"a" "b" "label"\n"r1" 1 2 "x"\n"r2" 3 4 "y"\n' >r.txt
for file in pipe.csv hint.csv r.txt; do
	assert_exit 0 lossbench data info $file --json
	assert_eq "$(json - .rows <<<"$out") $(json - .features <<<"$out") $(json - .label <<<"$out")" '2 2 label' "$file"
done
assert_exit 0 lossbench data info pipe.csv --set data.delimiter=pipe
printf '%s\n' 'a:b' '1:2' '3:4' >colon.csv
assert_exit 4 lossbench data info colon.csv
assert_contains "$err" 'one column only, which is the label; is another delimiter used?'

# A header of one file only is said.
{ echo a,label && rows 40 '@r,@k'; } >train.csv
rows 20 '@r,@k' >test.csv
config train.csv binary logistic '  test: {path: test.csv}' >c.yaml
train c.yaml
assert_contains "$err" 'train.csv was read with a header and test.csv without one'

{ echo cap,odor,ring && rows 30 '@k,x@r,@k'; } >train.csv
printf '%s\n' cap,odor,ring a,x1,a b,x2,b >test.csv
config train.csv binary logistic '  test: {path: test.csv}' >c.yaml
assert_exit 4 lossbench train --config c.yaml
assert_contains "$err" "test.csv: the first line holds the name 'cap', which is a column of train.csv, but was taken for a row of data; set data.header: true"
train c.yaml --set data.header=true

# Further columns that are named like labels.
{ echo x,target_a,target_b && rows 60 '@r,@i.5,@r.5'; } >targets.csv
assert_exit 0 lossbench init targets.csv
assert_contains "$out" '# drop: ["target_a"]'
assert_contains "$out" "the column 'target_a' is a feature but named like a label"
{ echo class,x,y1 && rows 60 '@k,@r,@i.5'; } >first.csv
assert_exit 0 lossbench data info first.csv
assert_contains "$out" 'task     regression by the label column y1 (the last column)'
sed -i 1s/y1/z1/ first.csv
assert_exit 0 lossbench data info first.csv
assert_contains "$out" 'task     binary by the label column class (the only column that is named like a label)'

# Names from a file steer no terminal, and write no key.
printf 'a,b\033]0;owned\007,y\n1,2,\033[2Jx\n3,4,z\n5,6,\302\2331m\n' >escapes.csv
for command in 'data info' init; do
	# shellcheck disable=SC2086 # two words
	assert_exit 0 lossbench $command escapes.csv
	! printf '%s' "$out" | LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]' || fail "$command: control characters"
done
assert_contains "$out" 'x1b[2Jx'
evil=$'a\nloss: evil #.csv'
for file in 'a: b.csv' ./-x.csv ./..csv '"q".csv' "$evil" null.csv 12.csv $'\303\274.csv' 'two  words.csv'; do
	cp index.csv "$file"
	rm -f named.yaml
	assert_exit 0 lossbench init "$file" --out named.yaml
	assert_exit 0 lossbench config check named.yaml
	assert_eq "$(grep -c '^loss:' named.yaml)" 1 "$file"
	grep -qE '^name: [A-Za-z][A-Za-z0-9_-]*$' named.yaml || fail "$file: $(grep ^name: named.yaml)"
	alone named.yaml
done
cp index.csv $'bad\377.csv'
assert_exit 2 lossbench init $'bad\377.csv'
assert_contains "$err" 'is not UTF-8'

# A file whose name begins like an option.
cp index.csv ./-dash.csv
cp index.csv ./-house.csv
for file in -dash.csv -house.csv; do
	assert_exit 2 lossbench data info $file
	assert_contains "$err" "found \"$file\", which begins like an option; for the file of that name write ./$file, or -- before it"
	assert_exit 0 lossbench data info ./$file
	assert_exit 0 lossbench data info -- $file
done

# --format is taken by every command that reads a file.
assert_exit 0 lossbench data info index.csv --format csv
assert_exit 0 lossbench init index.csv --format csv
assert_contains "$out" 'format: csv'
assert_exit 0 lossbench data convert index.csv copy.csv --format csv
assert_exit 4 lossbench data info index.csv --format npz
assert_exit 3 lossbench data info index.csv --format cvs
assert_contains "$err" 'csv'

# A line without an end in a small file is refused at once, by what has been read of it.
{ printf 'a,label\n' && head -c 300000000 /dev/zero | tr '\0' 7 && printf ',x\n'; } | gzip -1 >long.csv.gz
start=$(awk '{ print $14 + $15 + $16 + $17 }' /proc/$$/stat)
assert_exit 4 lossbench data info long.csv.gz
assert_contains "$err" 'long.csv.gz:2: a cell of this line is longer than 1048576 bytes'
assert_between $(($(awk '{ print $14 + $15 + $16 + $17 }' /proc/$$/stat) - start)) 0 "$(sanitized && echo 1000 || echo 100)" 'ticks of processor time'
