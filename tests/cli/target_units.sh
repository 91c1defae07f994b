#!/usr/bin/env bash
# data.preprocess.target: standardize. The loss sees targets by the training rows' mean and standard deviation; all that comes out is in the
# targets' own units.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# Targets about 4000 with a spread of thousands, as prices are; a second one near 0.
awk 'BEGIN { srand(7); print "a,b,kind,price,small"
	for (i = 0; i < 600; i++) { a = rand(); b = rand(); k = int(3 * rand())
		printf "%.4f,%.4f,%s,%.2f,%.6f\n", a, b, substr("xyz", k + 1, 1), 2000 + 6000 * a - 2500 * b + 1500 * k + 300 * (rand() - 0.5), 0.001 * a + 0.0001 * rand() } }' >prices.csv
cat >c.yaml <<YAML
task: regression
data: {train: {path: prices.csv, label: price}, drop: [small]}
loss: huber
train: {epochs: 40, batch: 32}
output: {dir: out, predictions: true, model: true}
YAML
value() { "$py" -c 'import json, sys
r = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$@"; }
run() { # DIR OPTION...
	assert_exit 0 lossbench train c.yaml --quiet --set "output.dir=$1" "${@:2}"
}
at_least() { "$py" -c 'import sys; sys.exit(not float(sys.argv[1]) >= float(sys.argv[2]))' "$1" "$2" || fail "$3: found $1, expected at least $2"; }

# Huber's gradient is bounded by 1: in the units of the price it does not leave the start.
run plain
run units --set data.preprocess.target=standardize
at_least "$(value plain/trials/*.json '-r["result"]["metrics"]["test"]["r2"]')" 0 'minus R2 without units'
at_least "$(value units/trials/*.json 'r["result"]["metrics"]["test"]["r2"]')" 0.95 'R2 with units'

# The same optimum, with and without, of the least squares; the objective is of standardized targets.
run full --set loss=mse --set optimizer=lbfgs --set train.precision=float64
run full-units --set loss=mse --set optimizer=lbfgs --set train.precision=float64 --set data.preprocess.target=standardize
"$py" - <<'PY'
import csv, glob, json, math, statistics
def read(d):
    with open(glob.glob(d + "/trials/*.predictions.csv")[0]) as f:
        rows = list(csv.DictReader(f))
    return [float(r["score_1"]) for r in rows], [float(r["target_1"]) for r in rows], json.load(open(glob.glob(d + "/trials/*[0-9a-f].json")[0]))
a, target, plain = read("full")
b, _, units = read("full-units")
assert max(abs(x - y) for x, y in zip(a, b)) < 0.01, max(abs(x - y) for x, y in zip(a, b))
# metrics are those of the predictions, in prices
rmse = math.sqrt(statistics.fmean((p - t) ** 2 for p, t in zip(b, target)))
assert abs(units["result"]["metrics"]["test"]["rmse"] - rmse) < 1e-9 * rmse
ratio = plain["result"]["objective"] / units["result"]["objective"]
mean = units["baseline"]["metrics"]["train"]["rmse"]
assert abs(ratio / mean ** 2 - 1) < 1e-4, (ratio, mean ** 2)
assert plain["id"] != units["id"] and units["config"]["data"]["preprocess"]["target"] == "standardize"
PY

# predict gives the bytes of the run, in both precisions, for a linear model, an MLP and several targets, also from a cohort.
i=0
for more in '' 'train.precision=float64' 'model={kind: mlp, hidden: [8]}' 'data.drop=[] data.train.label=price,small'; do
	i=$((i + 1))
	case $more in
	data.drop*) sets=(--set 'data.drop=[]' --set 'data.train.label="price, small"') ;;
	'') sets=() ;;
	*) sets=(--set "$more") ;;
	esac
	run m$i --set data.preprocess.target=standardize "${sets[@]}"
	assert_exit 0 lossbench predict --model m$i/trials/*.model.npz --data prices.csv --out p$i.csv
	assert_eq "$(sort p$i.csv | comm -13 - <(sort m$i/trials/*.predictions.csv))" '' "lines of the run that predict does not give ($more)"
	assert_exit 0 lossbench sweep c.yaml --quiet --set "output.dir=s$i" --set data.preprocess.target=standardize "${sets[@]}" --set loss=huber,mse
	[ "$(find s$i -name '*[0-9a-f].json' -path '*trials*' | wc -l)" = 2 ] || fail 'two trials'
	"$py" - m$i s$i <<'PY'
import glob, json, os, sys
one = glob.glob(sys.argv[1] + "/trials/*[0-9a-f].json")[0]
a, b = json.load(open(one)), json.load(open(os.path.join(sys.argv[2], "trials", os.path.basename(one))))
assert a["result"] == b["result"], "alone and in company"
PY
done
at_least "$(value m4/trials/*.json 'r["result"]["metrics"]["test"]["r2"]')" 0.9 'R2 of two targets of different sizes'

# The curve's last value is that of the model, early stopping judges by it, and a training goes on from its checkpoint.
value m2/trials/*.json 'r["result"]["curves"]["valid.rmse"][-1] == r["result"]["metrics"]["valid"]["rmse"]' | grep -q True || fail 'curve and metrics'
run stop --set data.preprocess.target=standardize --set 'train.early_stopping={metric: valid.rmse, patience: 3}' --set optimizer.lr=0.2
value stop/trials/*.json 'r["result"]["curves"]["valid.rmse"][r["result"]["best_epoch"] - 1] == r["result"]["metrics"]["valid"]["rmse"]' | grep -q True ||
	fail 'the metrics are not those of the best epoch'

long=(--quiet --set data.preprocess.target=standardize --set train.epochs=6000 --set train.batch=16 --set train.checkpoint=20 --set train.curves=[])
lossbench train c.yaml "${long[@]}" --set output.dir=resumed >/dev/null 2>&1 &
training=$!
wait_until 20 compgen -G 'resumed/trials/*.checkpoint' >/dev/null
kill -9 $training
wait $training 2>/dev/null || true
assert_exit 0 lossbench train c.yaml "${long[@]}" --set output.dir=resumed
assert_exit 0 lossbench train c.yaml "${long[@]}" --set output.dir=whole
"$py" - <<'PY'
import glob, json
a, b = (json.load(open(glob.glob(d + "/trials/*[0-9a-f].json")[0])) for d in ("resumed", "whole"))
assert a["run"]["resumed_epochs"] > 0 and a["result"] == b["result"], a["run"]["resumed_epochs"]
PY

# A target that never changes in the training rows has the unit 1; `none` is the same trial as nothing; other tasks have none.
awk -F, -v OFS=, 'NR > 1 { $5 = 3 } 1' prices.csv >flat.csv
assert_exit 0 lossbench train c.yaml --quiet --set output.dir=flat --set data.train.path=flat.csv --set 'data.drop=[]' --set 'data.train.label="price, small"' \
	--set data.preprocess.target=standardize
value flat/trials/*.json 'r["result"]["metrics"]["test"]["rmse"] < 500' | grep -q True || fail 'a constant target'
assert_eq "$(lossbench sweep c.yaml --list --set data.preprocess.target=none)" "$(lossbench sweep c.yaml --list)" 'id with none'
assert_exit 3 lossbench config check c.yaml --set task=binary --set loss=logistic --set data.train.label=kind --set data.preprocess.target=standardize
assert_contains "$err" '--set data.preprocess.target=standardize: data.preprocess.target: found standardize, allowed: none; the task is binary'
