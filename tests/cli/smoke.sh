#!/usr/bin/env bash
# The whole way on configs/smoke.yaml: train, sweep, report; records and configs against their schemas.
# shellcheck disable=SC2016 # backquotes in a message
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
work=$PWD
cd "$LB_ROOT"

sed '/^sweep:/,/^ .*train.seed/d' configs/smoke.yaml >"$work/single.yaml"
assert_exit 0 lossbench train --config "$work/single.yaml" --set "output.dir=$work/one" --set loss.name=gce --set train.epochs=1
assert_contains "$out" 'accuracy'
assert_contains "$out" "ok: $work/one/trials/"
assert_contains "$err" 'epoch 1/1'
record=$(find "$work/one" -name '*.json')
assert_eq "$(json "$record" .result.epochs)" 1
assert_eq "$(json "$record" .data.rows)" '{"all": 150, "train": 90, "valid": 30, "test": 30}'

assert_exit 0 lossbench sweep --config configs/smoke.yaml --set "output.dir=$work/r" --jobs 2
assert_contains "$out" 'smoke: 4 trials'
assert_contains "$err" '4 trials: 0 done, 4 to do'
assert_contains "$err" '4 trials: 0 done before, 4 ok, 0 diverged, 0 failed'
records=("$work"/r/trials/*.json)
assert_eq ${#records[@]} 4 'records'
tidy "$work/r"
for f in "${records[@]}"; do
	assert_eq "$(json "$f" .result.status)" ok
	assert_between "$(json "$f" .result.metrics.test.accuracy)" 0.4 1 "test accuracy in $f"
	assert_eq "$(json "$f" .config.train.batch)" 16
done
assert_exit 0 lossbench sweep --config configs/smoke.yaml --set "output.dir=$work/r"
assert_contains "$err" '4 trials: 4 done, 0 to do'
assert_exit 0 lossbench train --config "$work/single.yaml" --set "output.dir=$work/r" --set loss.name=brier --set train.seed=2
assert_contains "$err" 'is done already; --force trains it again'
assert_eq "$(find "$work/r" -name '*.json' | wc -l)" 4 'a trial of a sweep is found again by train'

# Every config that is shipped can be resolved; those whose data are there can be checked.
for f in configs/*.yaml; do
	assert_exit 0 lossbench config resolve "$f"
	"$py" -c 'import json, sys; json.load(sys.stdin)' <<<"$out" || fail "config resolve $f prints no JSON"
done
assert_exit 0 lossbench config check configs/smoke.yaml
assert_contains "$out" '4 trials'
assert_exit 0 lossbench config check configs/quickstart.yaml
assert_contains "$out" '120 trials'
assert_exit 2 lossbench train --config configs/smoke.yaml
assert_contains "$err" 'configs/smoke.yaml has a sweep block of 4 trials; use `lossbench sweep --config configs/smoke.yaml`, or `train` with every swept key set'
assert_exit 0 lossbench config resolve "$work/single.yaml" --set loss.name=focal
assert_eq "$(json - .loss.gamma <<<"$out")" 2

needs_python jsonschema
"$py" tests/scripts/validate_records.py "$work"/*/trials/*.json || fail 'records do not conform to results/trial.schema.json'
needs_python yaml
lossbench config schema >"$work/schema.json"
"$py" - "$work/schema.json" configs/*.yaml <<'PY'
import copy, json, sys
import jsonschema, yaml

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for name in sys.argv[2:]:
    config = yaml.safe_load(open(name))
    for error in validator.iter_errors(config):
        sys.exit("%s: %s: %s" % (name, error.json_path, error.message))
good = yaml.safe_load(open(sys.argv[2]))
assert validator.is_valid(good)
for block, key, value in [("train", "epochs", "many"), ("train", "epochz", 3), ("train", "batch", 0), ("loss", "name", "no_such_loss"),
                          ("optimizer", "momentum", 1.5), ("model", "kind", 7), ("data", "trane", {})]:
    bad = copy.deepcopy(good)
    bad.setdefault(block, {})[key] = value
    assert not validator.is_valid(bad), "the schema accepts %s.%s: %r" % (block, key, value)
PY

# A config whose sweep comes to one trial, by itself or by --set, is trained.
mkdir "$work/of_one" && cd "$work/of_one"
cat >one.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
loss: ce
train: {epochs: 1}
output: {dir: one}
sweep: {train.seed: [1, 2, 3], optimizer.lr: [0.1]}
YAML
assert_exit 2 lossbench train one.yaml
assert_contains "$err" 'one.yaml has a sweep block of 3 trials; use `lossbench sweep --config one.yaml`, or `train` with every swept key set to one value by --set'
assert_exit 0 lossbench train one.yaml --set train.seed=2
assert_eq "$(find one -name '*.json' | wc -l)" 1 'records'
sed 's/\[1, 2, 3\]/[2]/' one.yaml >single.yaml
assert_exit 0 lossbench train single.yaml
assert_contains "$err" 'is done already'
assert_exit 3 lossbench train single.yaml --set metrics=auc,accuracy
assert_contains "$err" 'metrics: 2 values make a sweep; for one list of them write --set metrics=[auc,accuracy]'
