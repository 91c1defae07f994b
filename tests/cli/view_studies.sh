#!/usr/bin/env bash
# Small forms of the studies of two views and of guides: each trains as its header says, with the guide that it names, and what a study compares
# makes a difference.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
ln -s "$LB_ROOT/datasets" datasets
small=(--set 'data.split={train: 0.1, valid: 0.05, test: 0.1, stratify: true}')

for model in guide/guide frozen_bank/bank mlcd/guide; do
	assert_exit 0 lossbench train --config "$LB_ROOT/configs/$model.yaml" --quiet
done
for name in guided_batches groco focal_infonce weighted_negatives amcl guide frozen_bank mlcd; do
	assert_exit 0 lossbench sweep "$LB_ROOT/configs/$name/digits.yaml" --quiet --set train.seed=1 --set train.epochs=3 "${small[@]}" --set output.dir="$name"
done
assert_exit 0 lossbench sweep "$LB_ROOT/configs/focal_infonce/digits.yaml" --quiet --set train.seed=1 --set train.epochs=3 "${small[@]}" --set output.dir=plain \
	--set 'loss={name: focal_infonce, tau: 0.3, gamma: 0}'
"$py" - <<'PY' || fail 'a study does not give what it should'
import glob, json

def records(name, count):
    found = [json.load(open(path)) for path in glob.glob(name + "/trials/*[0-9a-f].json")]
    assert len(found) == count and all(r["result"]["status"] == "ok" for r in found), (name, len(found))
    return found

def test(r):
    return r["result"]["metrics"]["test"]

# what is compared makes a difference
counts = {"guided_batches": 2, "groco": 3, "focal_infonce": 3, "weighted_negatives": 2, "amcl": 3, "guide": 3, "frozen_bank": 3, "mlcd": 3}
for name, count in counts.items():
    assert len({test(r)["map_at_r"] for r in records(name, count)}) == count, name

# focal weights of gamma 0 are none
plain, = records("plain", 1)
info_nce, = [r for r in records("focal_infonce", 3) if r["config"]["loss"]["name"] == "info_nce"]
assert abs(test(plain)["map_at_r"] - test(info_nce)["map_at_r"]) < 1e-3, (test(plain), test(info_nce))

# the guide is the model that was kept
for name, folder in (("guide", "guide-guide"), ("frozen_bank", "frozen-bank-bank"), ("mlcd", "mlcd-guide")):
    path, = glob.glob("results/%s/trials/*.model.npz" % folder)
    assert {r["data"]["guide"]["path"] for r in records(name, 3)} == {path}, name

# a guide that has learned the labels is worth more than none, in few epochs too
guided = [test(r)["map_at_r"] for r in records("guide", 3) if r["config"]["loss"]["name"] == "soft_similarity_kl"]
assert min(guided) > test(info_nce)["map_at_r"], (guided, test(info_nce))
PY
