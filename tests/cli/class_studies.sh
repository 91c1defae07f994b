#!/usr/bin/env bash
# Small forms of the studies of losses of classes and of labels: each trains as its header says, and gives what must be so whatever the loss.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy
py=${PYTHON:-python3}
ln -s "$LB_ROOT/datasets" datasets
PYTHONPATH=$LB_ROOT/scripts "$py" - <<'PY'
from pathlib import Path
from studies import multilabel_tables, query_tables
multilabel_tables.write(Path("results/multilabel"), ["digits"], ["letter"])
query_tables.write(Path("results/queries"))
PY

trained() { # CONFIG OPTION...
	local config=$1 words=() word
	shift
	for word; do words+=(--set "$word"); done
	assert_exit 0 lossbench sweep "$LB_ROOT/configs/$config.yaml" --quiet --set train.seed=1 --set output.dir="$(dirname "$config")" "${words[@]}"
}
trained bias/digits train.epochs=5
trained comp_sum/digits train.epochs=5
trained comp_sum/digits train.epochs=5 loss=ce
trained anchor_loss/digits train.epochs=5
trained dco/digits train.epochs=2,30 output.predictions=true
trained attacks/digits train.epochs=5 evaluate.attack.objective=ce,margin,dlr,probability_margin,all
trained ldam/overlaid train.epochs=5
trained mfm/overlaid train.epochs=5
trained extreme_multilabel/letter train.epochs=2
assert_exit 0 lossbench train --config "$LB_ROOT/configs/margin_mse/teacher.yaml" --quiet
trained margin_mse/concrete train.epochs=5
trained scaling_law/widths train.epochs=2 data.split.train=0.1
trained quantised/letter train.epochs=31 output.model=true
trained bit_allocation/letter train.epochs=3 output.model=true
trained class_pruning/spam train.epochs=17

"$py" - <<'PY' || fail 'a study does not give what it should'
import csv, glob, json
from math import exp

def records(name, count):
    found = [json.load(open(path)) for path in glob.glob(name + "/trials/*[0-9a-f].json")]
    assert len(found) == count and all(r["result"]["status"] == "ok" for r in found), (name, len(found))
    return found

def test(r):
    return r["result"]["metrics"]["test"]

# every loss learns something
for name, count, metric in (("bias", 8, "accuracy"), ("anchor_loss", 12, "accuracy"), ("ldam", 4, "auc_labels"), ("mfm", 8, "mean_average_precision"),
                            ("extreme_multilabel", 4, "precision_at_k(k=1)")):
    for r in records(name, count):
        assert test(r)[metric] > r["baseline"]["metrics"]["test"][metric], (name, r["config"]["loss"], test(r))

# tau 1 is cross-entropy
found = {(r["config"]["loss"]["name"], r["config"]["loss"].get("tau")): test(r)["log_loss"] for r in records("comp_sum", 6)}
assert abs(found["comp_sum", 1] - found["ce", None]) < 1e-4 * found["ce", None], found

# noise and unknown labels are there, in training alone
for name, kind in (("anchor_loss", "uniform"), ("mfm", "partial")):
    for r in records(name, 12 if kind == "uniform" else 8):
        noise, changed = r["config"]["corrupt"]["labels"], (r["data"]["corrupted"] or {}).get("changed", {})
        assert (noise["kind"] == kind) == bool(changed.get("train")) and not changed.get("test"), (name, noise, changed)

# pass@16 is what the predictions say; trained long, cross-entropy is surer than a loss of 16 guesses
found = {}
for path in glob.glob("dco/trials/*[0-9a-f].json"):
    r = json.load(open(path))
    rows = list(csv.DictReader(open(path[:-5] + ".predictions.csv")))
    k = {c: "score_%d" % (i + 1) for i, c in enumerate(r["data"]["classes"])}
    chance = [1 - (1 - exp(float(row[k[row["label"]]])) / sum(exp(float(row[c])) for c in k.values())) ** 16 for row in rows]
    assert abs(sum(chance) / len(chance) - test(r)["pass_at"]) < 1e-5, (r["config"]["loss"], sum(chance) / len(chance), test(r))
    found[r["config"]["loss"]["name"], r["config"]["train"]["epochs"]] = test(r)
assert len(found) == 6 and found["ce", 30]["log_loss"] < found["dco", 30]["log_loss"], found

# one network under all attacks; all of them together are no weaker than each; training on attacked rows helps
found = {}
for r in records("attacks", 10):
    found.setdefault(r["config"]["train"]["attack"]["kind"], {})[r["config"]["evaluate"]["attack"]["objective"]] = test(r)
for of in found.values():
    assert len({m["accuracy"] for m in of.values()}) == 1 and len(of) == 5, of
    assert all(of["all"]["robust_accuracy"] <= m["robust_accuracy"] < m["accuracy"] for m in of.values()), of
assert found["pgd"]["all"]["robust_accuracy"] > found["none"]["all"]["robust_accuracy"] + 0.05, found

# the teacher's differences are learned: the student alone of them is nearer to the teacher than chance
for r in records("margin_mse", 2):
    assert test(r)["ndcg"] > r["baseline"]["metrics"]["test"]["ndcg"], (r["config"]["terms"], test(r))

# the hidden layer of the saved model has so few values for each unit, and so many are used
import numpy
found = {}
for path in glob.glob("quantised/trials/*[0-9a-f].json"):
    r = json.load(open(path))
    with numpy.load(path[:-5] + ".model.npz") as model:
        values = max(len(numpy.unique(row)) for row in model["W1"])
    used = "".join("%s %s" % (p["name"], p.get("levels", "")) for p in r["config"].get("procedures", []))
    found[used] = values
    assert test(r)["accuracy"] > 0.4, (used, test(r))
assert found == {"": 16, "quantise uniform": 7, "quantise ternary": 3, "quantise binary": 2, "biper ": 2}, found

# bits are given within the mean: the output of 3 bits has 7 values, of 2 three, of 4 fifteen
for path in glob.glob("bit_allocation/trials/*[0-9a-f].json"):
    r = json.load(open(path))
    procedure, = r["config"].get("procedures") or [{"name": "none"}]
    if procedure["name"] != "none":
        with numpy.load(path[:-5] + ".model.npz") as model:
            rows = [row for name in ("W1", "W2") for row in model[name]]
        steps = [abs(row).max() / numpy.diff(numpy.unique(numpy.append(row, 0))).min() for row in rows]
        bits = numpy.round(numpy.log2(numpy.round(steps) + 1) + 1)   # at most; a level may be unused
        assert (bits.min() < bits.max()) == (procedure["name"] == "bit_allocation"), (procedure, bits)
        assert sum(b * len(row) for b, row in zip(bits, rows)) <= procedure["bits"] * sum(map(len, rows)) + 1e-9, (procedure, bits)

# two rounds of pruning take three quarters; the more a positive row weighs, the more of them are found
found = {r["config"]["loss"].get("w_pos", 1): test(r) for r in records("class_pruning", 4)}
assert {m["sparsity"] for m in found.values()} == {0.75} and sorted(found) == [1, 2, 4, 8], found
assert found[1]["recall"] < found[2]["recall"] < found[8]["recall"], found

sizes = sorted(r["result"]["parameters"] for r in records("scaling_law", 7))
assert [b - a for a, b in zip(sizes, sizes[1:])] == [(sizes[1] - sizes[0]) * 2 ** k for k in range(6)], sizes
PY
