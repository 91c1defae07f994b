#!/usr/bin/env bash
# Training rows in bags: bags of one row give the plain loss's bytes, mse on bags is the instance level, bags by a column, private
# labels, evaluation on single rows, a cohort of several losses, and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >b.yaml <<YAML
task: regression
data: {train: {path: $LB_ROOT/datasets/samples/concrete.csv.gz}, preprocess: {target: standardize}}
loss: mse
metrics: [rmse, mae]
train: {epochs: 4, batch: 50}
output: {dir: plain, predictions: true}
YAML
run() { # FOLDER OPTION...
	assert_exit 0 lossbench train --config b.yaml --quiet --set "output.dir=$1" "${@:2}"
}
result() { json "$1"/trials/*.json ".result${2:-}"; }
id() { lossbench sweep --config b.yaml --list --quiet "$@" | cut -f 1; }

# Bags of one row.
run plain
for loss in bag instance '{name: bag_interp, rho: 0.4}'; do
	run one --set data.bags='{kind: random, size: 1}' --set "loss=$loss"
	[ "$loss" != '{name: bag_interp, rho: 0.4}' ] && assert_eq "$(result one)" "$(result plain)" "$loss of single rows"
	rm -r one
done
run one --set data.bags='{kind: random, size: 1}'
assert_eq "$(result one)" "$(result plain)" 'mse with bags of one row'
assert_eq "$(id --set data.bags=none)" "$(id)" 'no bags: the same id'
assert_eq "$(id --set data.bags=none --set corrupt.bags=none)" "$(id)" 'no bags and no noise of them: the same id'

# Bags of five: mse sees the means alone, and so is the instance level; by lbfgs as well.
for optimizer in sgd lbfgs; do
	run "mse-$optimizer" --set data.bags='{kind: random, size: 5}' --set optimizer=$optimizer --set train.precision=float64
	run "instance-$optimizer" --set data.bags='{kind: random, size: 5}' --set optimizer=$optimizer --set loss=instance --set train.precision=float64
	"${PYTHON:-python3}" - mse-$optimizer instance-$optimizer plain <<'PY'
import csv, glob, json, sys
a, b, plain = (json.load(open(glob.glob(folder + "/trials/*.json")[0])) for folder in sys.argv[1:])
for part in ("train", "valid", "test"):
    for metric in ("rmse", "mae"):
        x, y = (r["result"]["metrics"][part][metric] for r in (a, b))
        assert abs(x - y) < 1e-6 * x, (part, metric, x, y)
assert a["data"]["rows"] == plain["data"]["rows"]
targets = [[(r["row"], r["target_1"]) for r in csv.DictReader(open(glob.glob(f + "/trials/*.predictions.csv")[0]))] for f in (sys.argv[1], "plain")]
assert targets[0] == targets[1], "test rows keep their own targets"
PY
done

# The training's metrics are of single rows: means of five have a fifth of the variance, so an error against these would be far smaller.
run level --set data.bags='{kind: random, size: 5}' --set loss=bag --set optimizer=lbfgs
"${PYTHON:-python3}" - level <<'PY'
import glob, json, sys
r = json.load(open(glob.glob(sys.argv[1] + "/trials/*.json")[0]))
train, test = r["result"]["metrics"]["train"]["rmse"], r["result"]["metrics"]["test"]["rmse"]
assert 0.7 < train / test < 1.4, (train, test)
PY

# Bags by a column; private labels; all in one cohort, and alone.
awk 'BEGIN { srand(1); print "x1,x2,shop,y"; for (i = 0; i < 300; i++) { a = rand(); b = rand(); print a "," b "," i % 40 "," 2 * a - b + 0.1 * rand() } }' >shops.csv
cat >g.yaml <<YAML
task: regression
data: {train: {path: shops.csv, label: y}, group: shop, bags: {kind: group}, split: {train: 0.6, valid: 0.2, test: 0.2}}
loss: {name: bag, base: huber, base_params: [0.5]}
train: {epochs: 20, batch: 30}
output: {dir: g}
YAML
assert_exit 0 lossbench sweep g.yaml --quiet --jobs 2 --set loss='{name: bag, base: huber, base_params: [0.5]},{name: instance, base: mae},{name: bag_interp, rho: 0.2},mse'
assert_exit 0 lossbench train --config g.yaml --quiet --set output.dir=galone
assert_eq "$(json galone/trials/*.json .result)" "$(json "g/trials/$(lossbench sweep g.yaml --list --quiet | cut -f 1).json" .result)" 'alone and in a cohort'
assert_exit 0 lossbench train --config g.yaml --quiet --set 'corrupt.bags={kind: laplace, epsilon: 1, clip: 3}' --set output.dir=private
assert_exit 0 lossbench train --config g.yaml --quiet --set 'corrupt.bags={kind: laplace, epsilon: 1, clip: 3, seed: 9}' --set output.dir=other
[ "$(json private/trials/*.json .result.metrics.test)" != "$(json galone/trials/*.json .result.metrics.test)" ] || fail 'noise on bags changes nothing'
[ "$(json private/trials/*.json .result.metrics.test)" != "$(json other/trials/*.json .result.metrics.test)" ] || fail 'the seed of the noise changes nothing'

refused() { # WORDS OPTION...
	assert_exit 3 lossbench train --config b.yaml --quiet --set output.dir=refused "${@:2}"
	assert_contains "$err" "$1"
}
refused 'found bag, whose rows come in bags; allowed: with data.bags' --set loss=bag
refused 'data.bags: found group without data.group' --set data.bags=group
refused 'corrupt.bags: found laplace, but there are no bags' --set corrupt.bags=laplace
refused 'data.bags.size: found 0' --set data.bags='{kind: random, size: 0}'
refused 'base_params: found 1 number for mae, allowed: at most 0' --set data.bags=random --set loss='{name: bag, base: mae, base_params: [1]}'
refused 'allowed: losses of single rows' --set data.bags=random --set loss=bag --set 'procedures=[mixup]'
refused "is not a sum over rows" --set data.bags=random --set loss=bag --set train.class_weight=balanced
echo '{"predictions": [[0], [5], [2]], "targets": [[1], [4], [3]], "groups": [7, 3, 7]}' >in.json
assert_exit 0 lossbench losses eval bag --input in.json --param base=mae
assert_eq "$out" '{"value": 1, "grad": {"predictions": [[-0.33333333333333331], [0.33333333333333331], [-0.33333333333333331]]}}' 'losses eval with groups apart'
