#!/usr/bin/env bash
# Small forms of the studies of embeddings: each trains as its header says, and gives what its study finds on digits without doubt.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

trained() { # NAME SEEDS EPOCHS
	sed "s|datasets/samples|$LB_ROOT/datasets/samples|; s/train.seed: .*/train.seed: $2/; s/optimizer.lr: .*/optimizer.lr: [0.003]/; s/epochs: 20/epochs: $3/" \
		"$LB_ROOT/configs/$1/digits.yaml" >"$1.yaml"
	assert_exit 0 lossbench sweep "$1.yaml" --quiet --set output.dir="$1"
}
for name in novel_classes temperature multi_similarity; do trained $name '[1, 2]' 20; done
for name in few_shot sface unpg tcm metrix m2f_triplet madacos sym_pair hybrid_episodes pair_gated pamc; do trained $name '[1]' 3; done
"$py" - <<'PY' || fail 'a study does not give what it should'
import glob, json
from statistics import mean

def records(name, count):
    found = [json.load(open(path)) for path in glob.glob(name + "/trials/*[0-9a-f].json")]
    assert len(found) == count and all(r["result"]["status"] == "ok" for r in found), (name, len(found))
    return found

def by(found, key, measure):
    of = {}
    for r in found:
        of.setdefault(key(r["config"]), {})[r["config"]["train"]["seed"]] = r["result"]["metrics"]["test"][measure]
    return of

# unseen classes: the features as they are are better than what any loss makes of them, and prototypes ahead of contrastive pairs
found = records("novel_classes", 8)
loss = by(found, lambda c: c["loss"]["name"], "map_at_r")
assert all(r["result"]["metrics"]["test"]["map_at_r"] < r["baseline"]["metrics"]["test"]["map_at_r"] for r in found)
assert mean(loss["normalized_softmax"].values()) > mean(loss["contrastive"].values()) + 0.02, loss

# a higher temperature, from 0.2 on: less even on the sphere, rows of a class nearer
found = records("temperature", 10)
for measure in ("uniformity", "tolerance"):
    tau = by(found, lambda c: c["loss"]["tau"], measure)
    for seed in (1, 2):
        rising = [tau[t][seed] for t in sorted(tau) if t >= 0.2]
        assert len(rising) == 3 and rising == sorted(rising), (measure, rising)

# mining is worth more than the weights
found = records("multi_similarity", 14)
loss = by(found, lambda c: (c["loss"]["name"], c["loss"].get("mining"), bool(c["train"].get("miner"))), "map_at_r")
assert mean(loss["multi_similarity", True, False].values()) > mean(loss["multi_similarity", False, False].values()) + 0.02, loss

# few rows known: all three losses are beyond chance, and more known rows are better
found = records("few_shot", 3)
for r in found:
    test = r["result"]["metrics"]["test"]
    assert 0.3 < test["episode_accuracy"] < test["episode_accuracy(shot=5)"] < 1, (r["config"]["loss"], test)

# wrong labels are there, and those that test are right
found = records("sface", 12)
for r in found:
    noise = r["config"].get("corrupt", {}).get("labels", {"kind": "none"})
    changed = r["data"].get("corrupted", {"changed": {"train": 0}})["changed"]["train"] / r["data"]["rows"]["train"]
    assert abs(changed - noise.get("rate", 0)) < 0.05, (noise, changed)

# pairs in the denominator change the training of either base
loss = by(records("unpg", 4), lambda c: (c["loss"]["name"], c["loss"].get("base")), "map_at_r")
for base in ("cosface", "arcface"):
    assert loss["unpg", base][1] != loss[base, None][1], loss

# so does the term, and OPIS is there to tell
terms = by(records("tcm", 2), lambda c: len(c.get("terms") or []), "opis(rows=500)")
assert 0 < terms[0][1] != terms[1][1] > 0, terms

# what the other studies compare makes a difference: mixtures, margins, weights of a term, which rows are pairs
for name, count in (("metrix", 4), ("m2f_triplet", 4), ("madacos", 4), ("sym_pair", 2), ("pair_gated", 4), ("pamc", 4)):
    found = [r["result"]["metrics"]["test"]["map_at_r"] for r in records(name, count)]
    assert len(set(found)) == count and min(found) > 0.2, (name, found)

# a classifier of all classes beside the episodes changes what they learn
terms = by(records("hybrid_episodes", 3), lambda c: sum(t["weight"] for t in c.get("terms") or []), "episode_accuracy(shot=5)")
assert len({of[1] for of in terms.values()}) == 3 and min(of[1] for of in terms.values()) > 0.3, terms
PY
