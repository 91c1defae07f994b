#!/usr/bin/env bash
# Losses of a whole batch, random losses and the metrics of the confusion matrix, from config to record.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
wdbc=$LB_ROOT/datasets/samples/wdbc.csv.gz

cat >sweep.yaml <<END
name: binary
task: binary
data: {train: {path: $wdbc, label: label}, positive: malignant}
optimizer: {name: adam, lr: 0.03}
train: {epochs: 15, batch: 64, seed: 1}
corrupt: {imbalance: {kind: step, ratio: 5}}
metrics: [accuracy, gmean, mcc, precision, recall, specificity, {name: fbeta, beta: 2}, fbeta, csi, tss, hss, partial_auc, auc, ece_positive]
sweep:
  loss:
    - {name: metric_fbeta, amp: [any, identity, cosine]}
    - {name: bce_fbeta_mix}
    - {name: pairwise_squared_hinge}
    - {name: pauc_cvar}
    - {name: lovasz_hinge}
    - {name: logit_adjusted_bce}
    - {name: ensloss}
    - {name: ensloss, xi: [[0.5, -1, 0.2]]}
output: {dir: results, predictions: true}
END
assert_exit 0 lossbench sweep --config sweep.yaml --quiet
assert_exit 0 lossbench sweep --config sweep.yaml --quiet --jobs 2 --set output.dir=again
"$py" - <<'PY'
import csv, glob, json, math

records = [json.load(open(p)) for p in sorted(glob.glob("results/trials/*.json"))]
assert len(records) == 10, len(records)
for record in records:
    before = json.load(open("again/trials/%s.json" % record["id"]))
    assert record["result"] == before["result"], "another result the second time: %s" % record["config"]["loss"]
    test, loss = record["result"]["metrics"]["test"], record["config"]["loss"]["name"]
    assert test["auc"] > 0.97, (loss, test)
    rows = list(csv.DictReader(open("results/trials/%s.predictions.csv" % record["id"])))
    score = next(k for k in rows[0] if k.startswith("score"))
    hit = [(float(r[score]) > 0, r["label"] == "malignant") for r in rows]
    tp, fp = sum(p and y for p, y in hit), sum(p and not y for p, y in hit)
    fn, tn = sum(y and not p for p, y in hit), sum(not p and not y for p, y in hit)
    want = {"precision": tp / max(tp + fp, 1), "recall": tp / (tp + fn), "specificity": tn / (tn + fp), "csi": tp / (tp + fp + fn),
            "gmean": math.sqrt(tp / (tp + fn) * tn / (tn + fp)), "fbeta": 2 * tp / (2 * tp + fp + fn), "tss": tp / (tp + fn) - fp / (tn + fp)}
    for name, value in want.items():
        assert abs(test[name] - value) < 1e-12, (loss, name, test[name], value)
by_loss = {json.dumps(r["config"]["loss"], sort_keys=True): r["result"]["metrics"] for r in records}
assert len({json.dumps(v, sort_keys=True) for k, v in by_loss.items() if "ensloss" in k}) == 2, "xi has no effect"
PY

# The draws of ensloss follow train.seed unless it has a seed of its own.
seeds() { lossbench config resolve sweep.yaml "$@" >resolved.json && "$py" -c '
import json
print(*sorted({t["loss"]["seed"] for t in json.load(open("resolved.json")) if t["loss"]["name"] == "ensloss"}))'; }
assert_eq "$(seeds)" 1 'seed of the draws'
assert_eq "$(seeds --set train.seed=7)" 7 'seed of the draws'

# A loss with memory of earlier passes is refused where every pass must see the same loss.
sed -e '/^sweep:/,/xi/d' -e 's/adam, lr: 0.03/lbfgs/' sweep.yaml >lbfgs.yaml
echo 'loss: {name: ensloss}' >>lbfgs.yaml
assert_exit 3 lossbench train --config lbfgs.yaml
assert_contains "$err" 'losses without memory of earlier passes'
