#!/usr/bin/env bash
# data.exposure and data.offset: no feature, read per row, added to the score in training, metrics and predictions. The optima themselves
# are compared with R and scikit-learn in regression_optima.sh.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

"$py" - "$LB_ROOT/tests/golden/regression_optima.json" <<'PY'
import json, sys
text = json.load(open(sys.argv[1]))["tables"]["insurance"]
open("claims.csv", "w").write(text)
lines = text.strip().split("\n")
names = lines[0].split(",")
rows = [dict(zip(names, line.split(","))) for line in lines[1:]]
more = "\n".join([lines[0]] + [",".join(str(2 * int(v)) if n == "Holders" else v for n, v in r.items()) for r in rows])
open("twice.csv", "w").write(more + "\n")
open("lacking.csv", "w").write("\n".join(",".join(v for n, v in r.items() if n != "Holders") for r in [dict(zip(names, names))] + rows) + "\n")
PY
cat >c.yaml <<YAML
task: regression
data: {train: {path: claims.csv, label: Claims}, test: {path: claims.csv}, categorical: [District, Group, Age], drop: [LogHolders],
  exposure: Holders, split: {train: 1, valid: 0}}
loss: poisson
optimizer: {name: lbfgs}
train: {precision: float64}
metrics: [rmse, poisson_deviance]
output: {model: true, predictions: true}
YAML
assert_exit 0 lossbench train c.yaml --quiet --set output.dir=whole
record=$(echo whole/trials/*.json) model=$(echo whole/trials/*.model.npz)

# Predictions grow with the exposure; the metrics are those of these predictions; the baseline is a constant rate.
for file in claims twice; do assert_exit 0 lossbench predict --model "$model" --data $file.csv --out $file.told.csv; done
"$py" - "$record" <<'PY' || fail 'predictions, metrics and baseline are not of the exposures'
import csv, json, math, sys
told, twice = ([float(r["score_1"]) for r in csv.DictReader(open(f"{n}.told.csv"))] for n in ("claims", "twice"))
assert all(abs(b / a - 2) < 1e-12 for a, b in zip(told, twice)), "twice the exposure"
rows = list(csv.DictReader(open("claims.csv")))
y, e = [float(r["Claims"]) for r in rows], [float(r["Holders"]) for r in rows]
deviance = lambda m: sum(2 * ((a * math.log(a / b) if a else 0) - a + b) for a, b in zip(y, m)) / len(y)
record = json.load(open(sys.argv[1]))
assert abs(record["result"]["metrics"]["test"]["poisson_deviance"] / deviance(told) - 1) < 1e-9, "metric"
rate = sum(y) / sum(e)
assert abs(record["baseline"]["metrics"]["test"]["poisson_deviance"] / deviance([rate * v for v in e]) - 1) < 1e-9, record["baseline"]
assert record["baseline"]["kind"] == "offset", record["baseline"]
assert abs(sum(told) / sum(y) - 1) < 1e-7, "sum of the score equations"
PY
sed 's/exposure: Holders/offset: Holders/' c.yaml >identity.yaml
assert_exit 0 lossbench train identity.yaml --quiet --set output.dir=mse --set loss=mse
"$py" - mse/trials/*.json <<'PY' || fail 'the baseline with an offset is not the mean of what is left'
import csv, json, sys
rows = list(csv.DictReader(open("claims.csv")))
left = [float(r["Claims"]) - float(r["Holders"]) for r in rows]
mean = sum(left) / len(left)
rmse = (sum((v - mean) ** 2 for v in left) / len(left)) ** 0.5
found = json.load(open(sys.argv[1]))["baseline"]["metrics"]["test"]["rmse"]
sys.exit(abs(found / rmse - 1) > 1e-9)
PY

# The log of the exposure is an offset; both are added. Minibatches, hidden layers, float32 and a model in company see the same offsets.
sed 's/exposure: Holders/offset: LogHolders/; s/drop: \[LogHolders\]/drop: [Holders]/' c.yaml >log.yaml
assert_exit 0 lossbench train log.yaml --quiet --set output.dir=log
assert_between "$(json "$(echo log/trials/*.json)" .result.objective)" "$(awk -v v="$(json "$record" .result.objective)" 'BEGIN { printf "%.12f", v - 1e-9 }')" \
	"$(awk -v v="$(json "$record" .result.objective)" 'BEGIN { printf "%.12f", v + 1e-9 }')" 'objective'
steps=(--set 'optimizer={name: adam, lr: 0.03}' --set train.epochs=150 --set train.batch=16 --set train.precision=float32)
for net in linear '{kind: mlp, hidden: [8]}'; do
	for loss in poisson 'zero_inflated_poisson'; do
		assert_exit 0 lossbench train c.yaml --quiet "${steps[@]}" --set "model=$net" --set "loss=$loss" --set "output.dir=$loss-${net:0:3}"
		json "$(echo "$loss-${net:0:3}"/trials/*.json)" .result.metrics.test.poisson_deviance >"$loss-${net:0:3}.alone"
		assert_between "$(cat "$loss-${net:0:3}.alone")" 0.4 2 "$loss $net"
	done
done
{ cat c.yaml && echo 'sweep: {loss: [poisson, zero_inflated_poisson, negative_binomial]}'; } >several.yaml
assert_exit 0 lossbench sweep several.yaml "${steps[@]}" --set output.dir=company
for record in company/trials/*.json; do
	loss=$(json "$record" .config.loss.name)
	[ ! -e "$loss-lin.alone" ] || assert_eq "$(json "$record" .result.metrics.test.poisson_deviance)" "$(cat "$loss-lin.alone")" "$loss in company"
done

# What cannot be.
assert_exit 4 lossbench predict --model "$model" --data lacking.csv
assert_contains "$err" "lacking.csv: data.exposure: there is no column 'Holders'"
sed '4s/,246,/,0,/' claims.csv >zero.csv
assert_exit 4 lossbench train c.yaml --set data.train.path=zero.csv
assert_contains "$err" "zero.csv:4: column 'Holders': the exposure 0 is not above 0"
assert_exit 4 lossbench predict --model "$model" --data zero.csv
assert_contains "$err" "zero.csv:4: column 'Holders': allowed: a finite exposure above 0"
sed '4s/,246,/,,/' claims.csv >empty.csv
assert_exit 4 lossbench train c.yaml --set data.train.path=empty.csv --set data.missing=mean
assert_contains "$err" "empty.csv:4: column 'Holders': the exposure is missing"
sed '4s/,246,/,many,/' claims.csv >word.csv
assert_exit 4 lossbench train c.yaml --set data.train.path=word.csv
assert_contains "$err" "word.csv:4: column 'Holders': the exposure 'many' is not a number"
assert_exit 4 lossbench train c.yaml --set data.exposure=Claims
assert_contains "$err" "the column 'Claims' is asked for as data.exposure and as data.train.label"
assert_exit 3 lossbench train c.yaml --set loss=mse
assert_contains "$err" 'c.yaml:3:13: data.exposure: found with loss mse, whose model does not give the log of a size; allowed: '
assert_contains "$err" 'negative_binomial'
assert_exit 3 lossbench train identity.yaml --set loss=gaussian_nll
assert_contains "$err" 'data.offset: found with loss gaussian_nll, which has several outputs for a target and no log link'
assert_exit 3 lossbench train c.yaml --set 'procedures=[mixup]' --set 'optimizer={name: sgd}'
assert_contains "$err" 'data.exposure: found with procedure mixup'
assert_exit 3 lossbench train identity.yaml --set loss=mse --set data.preprocess.target=standardize
assert_contains "$err" 'data.offset: found with data.preprocess.target standardize'
assert_exit 3 lossbench train c.yaml --set task=multiclass --set loss=ce --set 'metrics=[accuracy]'
assert_contains "$err" 'data.exposure: goes with task: regression alone'
