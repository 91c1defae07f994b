#!/usr/bin/env bash
# Losses of pairs from config to record: a sweep over them with miners; how pairs are weighed; what is refused; the gradient check's count.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# Each loss trains on the digits and learns; in one cohort or each alone the same results.
(cd "$LB_ROOT" && sed -e "s#datasets/#$PWD/datasets/#" configs/pairs/digits.yaml) >digits.yaml
quick=(--quiet --set train.epochs=3)
lossbench sweep digits.yaml "${quick[@]}" --set output.dir=whole
lossbench sweep digits.yaml "${quick[@]}" --set output.dir=jobs --jobs 2
assert_same_results whole jobs
"$py" - whole/trials/*.json <<'PY'
import json, sys

seen = {}
for path in sys.argv[1:]:
    record = json.load(open(path))
    config = record["config"]
    seen[config["loss"]["name"], (config["train"].get("miner") or {}).get("kind")] = record["result"]["metrics"]["test"]["map_at_r"]
assert len(seen) == 14, seen
assert all(v > 0.25 for v in seen.values()), seen
assert seen["multi_similarity", None] == seen["multi_similarity", "multi_similarity"], seen  # the loss mines the same pairs itself
assert seen["contrastive", None] != seen["contrastive", "pair_margin"], seen
PY

# The weights of pairs: as a table, as JSON; a positive pair of multi_similarity weighs less the nearer it is, a negative one more.
assert_exit 0 lossbench losses show multi_similarity --weights -p mining=false
assert_contains "$out" 'A positive pair moves'
assert_exit 0 lossbench losses show multi_similarity --weights -p mining=false --json
printf '%s' "$out" >weights.json
"$py" - weights.json <<'PY'
import json, math, sys

w = json.load(open(sys.argv[1]))
s, pull, push = w["positive"]["cosine"], w["positive"]["itself"], w["negative"]["itself"]
assert len(s) == 21 and s[0] == -1 and s[20] == 1
assert all(a > b for a, b in zip(pull, pull[1:])) and all(a < b for a, b in zip(push, push[1:]))
# by eq. 13 of the paper, both rows of the pair alike: 2 e^(-2 (s - 1/2)) / (1 + e^(-2 (s - 1/2)) + e^(-2 (0.7 - 1/2))) / 6 rows
for at in (0, 7, 20):
    own, other = math.exp(-2 * (s[at] - 0.5)), math.exp(-2 * 0.2)
    assert abs(pull[at] - 2 * own / (1 + own + other) / 6) < 1e-12, (at, pull[at])
PY
# Losses that are not made of a matrix of pairs are weighed by rows that have the cosines, where there are some: the same numbers.
assert_exit 0 lossbench losses show contrastive --weights -p neg_margin=1.2 --json
printf '%s' "$out" >weights.json
assert_exit 0 lossbench losses show cross_batch_memory --weights -p of=contrastive -p with=neg_margin=1.2 --json
printf '%s' "$out" >rows.json
assert_exit 0 lossbench losses show info_nce --weights -p tau=0.5 -p symmetric=false --json
printf '%s' "$out" >views.json
"$py" - weights.json rows.json views.json <<'PY'
import json, math, sys

pairs, rows, views = (json.load(open(name)) for name in sys.argv[1:])
for move in ("positive", "negative"):
    at = [pairs[move]["cosine"].index(s) for s in rows[move]["cosine"]]
    assert len(at) > 5
    for told in pairs[move]:
        assert all(abs(a - pairs[move][told][k]) < 1e-9 for a, k in zip(rows[move][told], at)), (move, told)
# of three rows in two views: the share of a negative over 3 rows and the temperature; they sum to the pull of the positive
for s, pull, push in zip(views["positive"]["cosine"], views["positive"]["itself"], views["positive"]["negative"]):
    share = math.exp(0.3 / 0.5) / (math.exp(s / 0.5) + 2 * math.exp(0.3 / 0.5))
    assert abs(push - share / 0.5 / 3) < 1e-9 and abs(pull - 2 * push) < 1e-9, (s, pull, push)
assert all(abs(v) < 1e-9 for v in views["positive"]["same_view"])
PY
assert_exit 0 lossbench losses show nt_xent --weights
assert_contains "$out" 'in a batch of three rows in two views'
assert_exit 2 lossbench losses show proxy_nca --weights
assert_contains "$err" 'found embedding/proxy_nca, which does not depend on the angles between rows alone'
assert_exit 2 lossbench losses show ce --weights
assert_contains "$err" 'found multiclass/ce, which weighs no pairs; allowed: a loss of pairs, such as embedding/contrastive'
assert_exit 2 lossbench losses eval triplet --weights
assert_contains "$err" 'found --weights without show NAME'

# The gradient check says how many of its batches had no pair of one class, or of two.
assert_exit 0 lossbench losses check embedding/circle
assert_contains "$out" ' batches drawn lack a pair of one class or of two'

# Names of other libraries lead to a loss.
assert_exit 2 lossbench losses show SupConLoss
assert_contains "$err" 'did you mean "supcon'
