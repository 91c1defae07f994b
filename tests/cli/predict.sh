#!/usr/bin/env bash
# What predict writes: several things together, probabilities by their class, columns passed on as they are spelled, rows from standard input.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

awk 'BEGIN { srand(1); print "id,zip,x,y,class"
	for (i = 0; i < 80; i++) { x = rand(); y = rand(); printf "r%d,%05d,%.3f,%.3f,%s\n", i, i * 37, x, y, (x + y > 1 ? "yes" : "\"n,o\"") } }' >rows.csv
cat >c.yaml <<'YAML'
task: binary
data: {train: {path: rows.csv, label: class}, drop: [id, zip], positive: "n,o"}
loss: logistic
train: {epochs: 5}
YAML
lossbench train --config c.yaml --save-model m.npz --quiet

# Together, in the order asked for; each as it is alone.
assert_exit 0 lossbench predict --model m.npz --data rows.csv --what labels,probabilities,scores --out all.csv
assert_eq "$(head -n 1 all.csv)" 'row,label,prediction,"probability_n,o",score_1'
for what in labels probabilities scores; do lossbench predict --model m.npz --data rows.csv --what $what --out $what.csv; done
paste -d, <(sed 's/"n,o"/no/g' labels.csv) <(sed 's/"[^"]*"/_/g; s/.*,//' probabilities.csv) <(sed 's/.*,//' scores.csv) | sed 1d >beside
assert_eq "$(sed 's/"n,o"/no/g; 1d' all.csv)" "$(cat beside)" 'three things together'
awk -F, '{ p = $4; z = $5; if (($3 == "no") != (z > 0) || (p - 1 / (1 + exp(-z))) ^ 2 > 1e-20) exit 1 }' beside || fail 'label, probability and score disagree'

# Columns passed on, by name and number; zeros in front stay. Alone they change nothing else.
assert_exit 0 lossbench predict --model m.npz --data rows.csv --keep id,2,x
assert_eq "$(echo "$out" | cut -d, -f2-4 | sed 1d)" "$(sed 1d rows.csv | cut -d, -f1-3 | sed 's/\(\.[0-9]*[1-9]\)0*$/\1/')" 'kept columns'
assert_eq "$(echo "$out" | cut -d, -f1,5-)" "$(cat scores.csv)" 'what stands beside kept columns'
assert_exit 4 lossbench predict --model m.npz --data rows.csv --keep zap
assert_contains "$err" "rows.csv: --keep: there is no column 'zap'; did you mean 'zip'?"

# Standard input, plain and compressed, is what the file is; messages call it -.
assert_eq "$(lossbench predict --model m.npz --data - <rows.csv)" "$(cat scores.csv)" 'rows from a file on standard input'
assert_eq "$(gzip <rows.csv | cat | lossbench predict --model m.npz --data -)" "$(cat scores.csv)" 'rows from a pipe'
assert_exit 4 lossbench predict --model m.npz --data - < <(cut -d, -f1-3 rows.csv)
assert_contains "$err" "-: column 'y' is missing"

# Several classes and several labels by their names.
printf 'task: multiclass\ndata: {train: {path: %s, label: label}}\nloss: ce\ntrain: {epochs: 1}\n' "$LB_ROOT/datasets/samples/iris.csv.gz" >iris.yaml
lossbench train --config iris.yaml --save-model iris.npz --quiet
assert_exit 0 lossbench predict --model iris.npz --data "$LB_ROOT/datasets/samples/iris.csv.gz" --what probabilities
assert_eq "$(echo "$out" | head -n 1)" 'row,label,probability_setosa,probability_versicolor,probability_virginica'

for what in scores,scores odds 'labels,'; do assert_exit 2 lossbench predict --model m.npz --data rows.csv --what $what; done
for options in '--what scores,probabilities' '--keep id'; do
	# shellcheck disable=SC2086
	assert_exit 2 lossbench predict --model m.npz --data rows.csv $options --out never.npy
	assert_contains "$err" 'an array holds one kind of number'
done
[ ! -e never.npy ] || fail 'a refused prediction wrote its file'
