#!/usr/bin/env bash
# Fair tuning end to end: folds first, the choice from the records alone, then the refits; the test rows are not looked at before.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
cat >tune.yaml <<END
name: tuned
data: {train: {path: $LB_ROOT/datasets/samples/wine.csv.gz}, split: {train: 0.7, valid: 0, test: 0.3}}
optimizer: {name: sgd, momentum: 0.9}
train: {epochs: 4, batch: 16}
metrics: [log_loss, accuracy]
tune: {trials: 4, folds: 3, metric: valid.log_loss, method: halton}
sweep:
  loss: [ce, gce]
  corrupt.labels: [{kind: uniform, rate: [0, 0.3]}]
  train.seed: {from: 1, to: 3}
output: {dir: out}
END
assert_exit 0 lossbench sweep --config tune.yaml --dry-run
assert_contains "$out" '48 trials: 0 done, 48 to do'
assert_exit 0 lossbench sweep --config tune.yaml
assert_contains "$err" '60 trials: 48 done, 12 to do'
assert_exit 0 lossbench sweep --config tune.yaml
assert_contains "$err" '60 trials: 60 done, 0 to do'
assert_exit 2 lossbench train --config tune.yaml

# The choice, from the records by other means: the least mean log-loss over the folds; no fold has a test metric.
python3 - <<'END'
import glob, json, collections
records = [json.load(open(f)) for f in glob.glob("out/trials/*.json")]
folds = [r for r in records if "cv" in r["config"]["data"]]
refits = [r for r in records if "cv" not in r["config"]["data"]]
assert len(folds) == 48 and len(refits) == 12, (len(folds), len(refits))
assert all("test" not in r["result"]["metrics"] and r["data"]["rows"]["test"] == 0 for r in folds)
def arm(r): return r["config"]["loss"]["name"], r["config"]["corrupt"]["labels"]["rate"]
def settings(r): return json.dumps({"loss": r["config"]["loss"], "lr": r["config"]["optimizer"]["lr"]}, sort_keys=True)
means = collections.defaultdict(lambda: collections.defaultdict(list))
for r in folds:
    means[arm(r)][settings(r)].append(r["result"]["metrics"]["valid"]["log_loss"])
for a, found in means.items():
    assert len(found) == 4 and all(len(v) == 3 for v in found.values())
    best = min(found, key=lambda s: sum(found[s]) / 3)
    assert {settings(r) for r in refits if arm(r) == a} == {best}, a
    assert sorted(r["config"]["train"]["seed"] for r in refits if arm(r) == a) == [1, 2, 3]
# Each training row validates once.
rows = [r for r in folds if arm(r) == ("ce", 0) and settings(r) == settings(folds[0])] or folds[:3]
assert sum(r["data"]["rows"]["valid"] for r in folds) * 3 == sum(r["data"]["rows"]["train"] + r["data"]["rows"]["valid"] for r in folds)
tuning = json.load(open("out/tuning.json"))
assert len(tuning["arms"]) == 4 and all(len(a["candidates"]) == 4 for a in tuning["arms"])
END

# The table shows the refits with what was chosen, not the folds.
assert_exit 0 lossbench report out --metric test.accuracy
assert_contains "$out" '12 trials'
assert_lacks "$out" 'data.cv'

# A metric with a parameter is found by its name.
assert_exit 0 lossbench sweep --config tune.yaml --set 'metrics=[{name: top_k, k: 2}]' --set tune.metric=valid.top_k --set output.dir=top
assert_lacks "$(cat top/tuning.json)" '"mean": null'
assert_lacks "$(cat top/tuning.json)" '"lost_folds": 3'

# A sweep killed in its first part goes on to the same end.
cp -r out whole && rm -r out/tuning.json
find out/trials -name '*.json' | sort | head -20 | xargs rm
assert_exit 0 lossbench sweep --config tune.yaml
cmp out/tuning.json whole/tuning.json
for f in whole/trials/*.json; do
	cmp <(json "$f" .result) <(json "out/trials/${f##*/}" .result)
done
