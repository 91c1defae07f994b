#!/usr/bin/env bash
# A small form of the study configs/hl_gauss: regression by a distribution over levels predicts far better than the mean, its predictions
# are means of the levels, and a soft label is better than the nearest level alone; fidelity as a term gets its order right.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

sed "s|datasets/samples|$LB_ROOT/datasets/samples|; s/train.seed: .*/train.seed: [1]/; s/optimizer.lr: .*/optimizer.lr: [0.03]/; s/labels.sd: .*/labels.sd: [0]/" \
	"$LB_ROOT/configs/hl_gauss/levels.yaml" >levels.yaml
few=(--quiet --set train.epochs=30 --set output.dir=levels --set output.predictions=true)
assert_exit 0 lossbench sweep levels.yaml "${few[@]}"
assert_exit 0 lossbench sweep levels.yaml "${few[@]}" --set 'loss={name: soft_label_kl, lo: 0, hi: 85, levels: 5}' \
	--set 'terms=[{name: fidelity, lo: 0, hi: 85, levels: 5, weight: 20}]'
"$py" - levels/trials/*.json <<'PY' || fail 'levels do not predict as the study says'
import csv, json, sys
found = {}
for path in sys.argv[1:]:
    record = json.load(open(path))
    loss, test = record["config"]["loss"], record["result"]["metrics"]["test"]
    found[loss["name"], loss.get("bins"), loss["sigma"], len(record["config"].get("terms", []))] = test
    assert test["rmse"] < 0.7 * record["baseline"]["metrics"]["test"]["rmse"] and test["spearman"] > 0.75, (loss, test)
    count = loss.get("bins") or loss["levels"]
    step = (loss["hi"] - loss["lo"]) / (count if "bins" in loss else count - 1)
    first = loss["lo"] + (step / 2 if "bins" in loss else 0)
    for row in csv.DictReader(open(path[:-5] + ".predictions.csv")):
        p = [float(row["parameter_%d_1" % (k + 1)]) for k in range(count)]
        assert abs(sum(p) - 1) < 1e-5 and min(p) >= 0, p
        assert abs(sum(v * (first + k * step) for k, v in enumerate(p)) - float(row["score_1"])) < 1e-3, row
assert len(found) == 5, found
assert found["soft_label_kl", None, 0, 0]["rmse"] < found["hl_gauss", 5, 0.01, 0]["rmse"], found
PY
