#!/usr/bin/env bash
# Task ranking: batches of whole queries, every loss, the metrics, and what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
queries=$PWD/queries.csv
gzip -dc "$LB_ROOT/datasets/samples/queries.csv.gz" >queries.csv
sed "s|datasets/samples/queries.csv.gz|$queries|; s|^name: .*|name: r|" "$LB_ROOT/configs/ranking/queries.yaml" >r.yaml
short=(--set train.epochs=6 --set output.dir=)

results() { # folder: what each trial gave, without times
	"$py" - "$1" <<'PY'
import glob, json, sys

for path in sorted(glob.glob(sys.argv[1] + "/trials/*.json")):
    r = json.load(open(path))
    print(r["id"], r["result"]["status"], json.dumps(r["result"], sort_keys=True))
PY
}

# ---- the config of the repository: in one cohort or each alone, with two threads, two workers ----
lossbench sweep --config r.yaml "${short[0]}" "${short[1]}" --set output.dir=one --jobs 1 >/dev/null
lossbench sweep --config r.yaml "${short[0]}" "${short[1]}" --set output.dir=two --jobs 2 >/dev/null
lossbench sweep --config r.yaml "${short[0]}" "${short[1]}" --set output.dir=threads --jobs 1 --threads 2 >/dev/null
for loss in ranknet lambdarank listmle; do
	lossbench train --config r.yaml "${short[0]}" "${short[1]}" --set loss="$loss" --set output.dir=alone >/dev/null
done
results one >one.txt
results two >two.txt
results threads >threads.txt
results alone >alone.txt
assert_eq "$(wc -l <one.txt)" 15
assert_eq "$(grep -c ' ok ' one.txt)" 15
assert_eq "$(cat two.txt)" "$(cat one.txt)"
assert_eq "$(cat threads.txt)" "$(cat one.txt)"
assert_eq "$(wc -l <alone.txt)" 3
assert_eq "$(grep -cxFf alone.txt one.txt)" 3

# ---- metrics, against Python, from the predictions of the test rows ----
lossbench train --config r.yaml --set loss=listnet --set output.predictions=true --set output.dir=said >/dev/null
"$py" - "$queries" <<'PY'
import csv, glob, json, math, sys

data = list(csv.DictReader(open(sys.argv[1])))
path = glob.glob("said/trials/*.json")[0]
record = json.load(open(path))
rows = list(csv.DictReader(open(path.replace(".json", ".predictions.csv"))))
score = [k for k in rows[0] if k.startswith(("score", "prediction"))][0]
by = {}
for r in rows:
    d = data[int(r["row"])]
    by.setdefault(d["qid"], []).append((float(r[score]), float(d["grade"])))
assert len(by) > 10 and sum(map(len, by.values())) == sum(d["qid"] in by for d in data), "a query is on two sides"
def dcg(g):
    return sum((2 ** v - 1) / math.log2(m + 2) for m, v in enumerate(g))
ndcg, mrr = [], []
for q in by.values():
    g = [v for _, v in sorted(q, key=lambda x: -x[0])]
    if max(g) > 0:
        ndcg.append(dcg(g) / dcg(sorted(g, reverse=True)))
        mrr.append(1 / (1 + next(i for i, v in enumerate(g) if v > 0)))
got = record["result"]["metrics"]["test"]
for name, want in (("ndcg", ndcg), ("mrr", mrr)):
    assert abs(got[name] - sum(want) / len(want)) < 1e-9, (name, got[name], sum(want) / len(want))
PY

# ---- rows of a query that stand apart, and those of svmlight ----
"$py" - "$queries" <<'PY'
import sys

head, *rows = open(sys.argv[1]).read().split()
open("apart.csv", "w").write("\n".join([head] + rows[::2] + rows[1::2]) + "\n")
lines = []
for r in rows:
    q, *x, g = r.split(",")
    lines.append(f"{g} qid:{q[1:]} " + " ".join(f"{k + 1}:{v}" for k, v in enumerate(x)))
open("rows.svm", "w").write("\n".join(lines) + "\n")
open("below.csv", "w").write("\n".join([head] + rows[:-1] + [rows[-1].rsplit(",", 1)[0] + ",-1"]) + "\n")
PY
assert_exit 0 lossbench train --config r.yaml --set loss=listnet --set data.train.path=apart.csv --set output.dir=apart
assert_exit 0 lossbench train --config r.yaml --set loss=listnet --set data.train.path=rows.svm --set data.train.label=label --set data.preprocess.standardize=false --set output.dir=svm
assert_exit 0 lossbench train --config r.yaml --set loss=listnet --set 'optimizer={name: lbfgs, weight_decay: 0.01}' --set output.dir=full

# ---- killed at some moment and resumed: the same ----
lossbench sweep --config r.yaml --set train.epochs=3000 --set train.checkpoint=20 --set loss=ranknet,listnet --set output.dir=whole --jobs 1 >/dev/null
lossbench sweep --config r.yaml --set train.epochs=3000 --set train.checkpoint=20 --set loss=ranknet,listnet --set output.dir=killed --jobs 1 >/dev/null &
pid=$!
for _ in $(seq 200); do
	[ -n "$(find killed/trials -name '*.checkpoint' 2>/dev/null)" ] && break
	sleep 0.02
done
kill -INT $pid
wait $pid || true
assert_exit 0 lossbench sweep --config r.yaml --set train.epochs=3000 --set train.checkpoint=20 --set loss=ranknet,listnet --set output.dir=killed --jobs 1
assert_eq "$(results killed)" "$(results whole)"

# ---- what is refused ----
grep -v '^  query:' r.yaml >noquery.yaml
assert_exit 3 lossbench train --config noquery.yaml --set loss=listnet
assert_contains "$err" "data.query: is missing"
assert_exit 3 lossbench train --config r.yaml --set loss=listnet --set train.sampler=balanced
assert_contains "$err" "train.sampler"
assert_exit 3 lossbench train --config r.yaml --set loss=listnet --set data.group=qid
assert_contains "$err" "data.group"
assert_exit 4 lossbench train --config r.yaml --set loss=listnet --set data.train.path=below.csv
assert_contains "$err" "the grade -1 is not from 0 to 1000"
grep -v '^  split:' r.yaml | sed 's|^  query: qid|  query: qid\n  split: {first: 500}|' >cut.yaml
assert_exit 4 lossbench train --config cut.yaml --set loss=listnet
assert_contains "$err" "data.query: rows of one query"

# ---- losses eval: queries whose rows stand apart ----
near='{"scores": [0.5, 1.2, -0.3, 0.8, 0.1, 0.4], "relevance": [2, 0, 1, 0, 0, 1], "groups": [1, 1, 1, 1, 2, 2]}'
apart='{"scores": [0.1, 0.5, 1.2, 0.4, -0.3, 0.8], "relevance": [0, 2, 0, 1, 1, 0], "groups": [2, 1, 1, 2, 1, 1]}'
for loss in ranknet song listmle; do
	"$py" - "$(lossbench losses eval "$loss" <<<"$near")" "$(lossbench losses eval "$loss" <<<"$apart")" <<'PY'
import json, sys

a, b = map(json.loads, sys.argv[1:])
assert abs(a["value"] - b["value"]) < 1e-15
for i, j in enumerate([1, 2, 4, 5, 0, 3]):
    assert abs(a["grad"]["scores"][i] - b["grad"]["scores"][j]) < 1e-15
PY
done
assert_exit 4 lossbench losses eval ranknet --input - <<<'{"scores": [1, 2], "relevance": [1, -1]}'
assert_contains "$err" "allowed: a grade from 0 to 1000"
