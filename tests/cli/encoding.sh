#!/usr/bin/env bash
# What preprocessing cannot do is refused with the way out: means of sparse data, two scalings at once, numbers with no standard deviation.
# What it does is that of the written-out rows.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

awk 'BEGIN { for (i = 0; i < 60; i++) printf "%d 1:%d 3:%d\n", i % 2, i % 5 + 1, i + i % 2 * 9 }' >sparse.svm
awk 'BEGIN { print "a,b,c,label"; for (i = 0; i < 60; i++) printf "%d,0,%d,%d\n", i % 5 + 1, i + i % 2 * 9, i % 2 }' >dense.csv
awk 'BEGIN { print "a,b,label"; for (i = 0; i < 30; i++) printf "%s1.7e308,%d,%d\n", i % 2 ? "-" : "", i, i % 2 }' >huge.csv
config() { # NAME DATA PREPROCESS
	printf '%s\n' 'task: multiclass' "data: {train: {$2}, preprocess: {$3}}" 'loss: ce' 'train: {epochs: 3}' "output: {dir: $1}" >"$1.yaml"
}
refused() { # STATUS NAME DATA PREPROCESS WORDS...
	config "$2" "$3" "$4"
	assert_exit "$1" lossbench train --config "$2.yaml" --quiet
	for word in "${@:5}"; do assert_contains "$err" "$word"; done
	[ "$1" = 4 ] || [ ! -e "$2" ] || fail "$2: something was written"
}
refused 3 mean 'path: sparse.svm' 'standardize: true' 'mean.yaml:2:' 'data.preprocess.standardize: found true, but the data are sparse' \
	'set standardize: false, with scale: max_abs'
refused 3 shift 'path: sparse.svm' 'standardize: false, subtract: 3' 'shift.yaml:2:' 'data.preprocess.subtract: found 3, but the data are sparse; allowed: 0'
refused 3 twice 'path: dense.csv, label: label' 'standardize: true, scale: std' 'twice.yaml:2:' \
	'data.preprocess.scale: means nothing with standardize: true, which scales already; set standardize: false'
refused 4 huge 'path: huge.csv, label: label' 'standardize: true' "column 'a': its values are too large or too close to each other"

# Without that column, and with scaling that needs no mean.
for how in 'scale: std' 'scale: max_abs' 'divide: 7'; do
	config sparse 'path: sparse.svm' "standardize: false, $how"
	config dense 'path: dense.csv, label: label' "standardize: false, $how"
	rm -rf sparse dense
	for kind in sparse dense; do assert_exit 0 lossbench train --config $kind.yaml --quiet --set output.dir=$kind; done
	assert_eq "$(json "$(find sparse -name '*.json')" .result)" "$(json "$(find dense -name '*.json')" .result)" "$how: sparse and written out"
done
config drop 'path: huge.csv, label: label' 'standardize: true'
assert_exit 0 lossbench train --config drop.yaml --quiet --set 'data.drop=[a]'

# Texts beside sparse numbers; what is left out of a row is 0, or the attribute's first value.
{
	printf '@relation r\n@attribute a numeric\n@attribute colour {red,green,blue}\n@attribute b numeric\n@attribute label {x,y}\n@data\n'
	awk 'BEGIN { split("green blue", colour, " ")
		for (i = 0; i < 60; i++) printf "{%s%s2 %d, 3 %s}\n", i % 5 ? "0 " i % 5 ", " : "", i % 3 ? "1 " colour[i % 3] ", " : "", i % 7 + 1, i % 2 ? "y" : "x" }'
} >texts.arff
awk 'BEGIN { print "a,colour,b,label"; split("green blue", colour, " ")
	for (i = 0; i < 60; i++) printf "%d,%s,%d,%s\n", i % 5, i % 3 ? colour[i % 3] : "red", i % 7 + 1, i % 2 ? "y" : "x" }' >texts.csv
for precision in float32 float64; do
	for kind in arff csv; do
		config "of-$kind" "path: texts.$kind, label: label" 'standardize: false, scale: max_abs'
		rm -rf "of-$kind"
		assert_exit 0 lossbench train --config "of-$kind.yaml" --quiet --set train.precision=$precision
		assert_eq "$(json "$(find "of-$kind" -name '*.json')" .data.features)" 5 "features of $kind"
	done
	assert_eq "$(json "$(find of-arff -name '*.json')" .result)" "$(json "$(find of-csv -name '*.json')" .result)" "$precision: texts beside sparse numbers"
done
