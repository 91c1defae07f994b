#!/usr/bin/env bash
# lossbench advise: the answer is that of its records, the config repeats it, the model predicts; it sees what is wrong with data; it goes on where
# it was stopped; what is wrong on the command line is said.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs_python numpy scipy
py=${PYTHON:-python3}
export LOSSBENCH_PYTHON=$py
iris=$LB_ROOT/datasets/samples/iris.csv.gz
few=(--losses 'brier,gce' --model linear --jobs 2 --quiet)

# ---- the answer, from its records ----

assert_exit 0 lossbench advise "$iris" --minutes 0.02 --out a "${few[@]}" --json
echo "$out" >told.json
assert_exit 0 lossbench sweep --config a/config.yaml --list --quiet
echo "$out" >list
assert_eq "$(cut -f2 list | sort -u)" ok 'trials of config.yaml'
"$py" - <<'PY' || fail 'the answer is not that of the records'
import glob, json
told = json.load(open("told.json"))
values = {}
inner = [r for r in (json.load(open(p)) for p in glob.glob("a/trials/*.json")) if "cv" in r["config"]["data"]]
assert len(inner) > 50 and not any(r["data"]["rows"]["test"] for r in inner)  # no test row has a part in a choice of settings
tried = {name: sum(r["config"]["loss"]["name"] == name and r["config"]["data"]["split"].get("fold") == 0 for r in inner) for name in ("ce", "brier", "gce")}
assert len(set(tried.values())) == 1, tried  # equally many settings for every loss
for line in open("list"):
    r = json.load(open("a/trials/%s.json" % line.split("\t")[0]))
    values.setdefault(r["config"]["loss"]["name"], []).append(r["result"]["metrics"]["test"]["accuracy"])
assert set(values) == {"ce", "brier", "gce"} and {len(v) for v in values.values()} == {told["folds"]}, values
for row in told["losses"]:
    v = values[row["loss"]]
    assert abs(row["mean"] - sum(v) / len(v)) < 1e-12, row
    gap = row["against_plain"]
    if row["loss"] != "ce":
        d = [a - b for a, b in zip(v, values["ce"])]
        assert gap["low"] <= gap["mean"] <= gap["high"] and abs(gap["mean"] - sum(d) / len(d)) < 1e-12, row
best = told["recommended"]
assert best["loss"] in values and best["missed_at_most"] >= 0 and told["baseline"] < 0.5 < best["mean"] and told["label_noise"]["rate"] < 0.05, told
assert told["plan"]["settings"] >= 4 and told["findings"]["smallest_share"] > 0.33
PY
assert_exit 0 lossbench predict --model a/model.npz --data "$iris" --what labels --out labels.csv
assert_eq "$(wc -l <labels.csv)" 151 'lines of predictions'
for file in advice.md advice.html model.yaml; do [ -s a/$file ] || fail "no $file"; done
assert_contains "$(cat a/advice.md)" '# Which loss for '
assert_exit 0 lossbench config check a/model.yaml

# ---- a second start has it all ----

records=$(find a/trials -name '*.json' | wc -l)
assert_exit 0 lossbench advise "$iris" --minutes 0.02 --out a "${few[@]}" --json
assert_eq "$(json - .recommended.loss <<<"$out")" "$(json told.json .recommended.loss)" 'the loss of the second start'
assert_eq "$(json - .folds <<<"$out")" "$(json told.json .folds)" 'folds of the second start'
assert_eq "$(find a/trials -name '*.json' | wc -l)" "$records" 'records after the second start'
assert_exit 2 lossbench advise "$LB_ROOT/datasets/samples/wine.csv.gz" --out a "${few[@]}"
assert_contains "$err" 'a/advise.json: it is of other data or other options'

# ---- data with something wrong ----

"$py" - <<'PY'
import random
rng = random.Random(1)
with open("odd.csv", "w") as f:
    f.write("name,id,x,z,gone,answer,label\n")
    for i in range(400):
        x, z = rng.gauss(0, 1), rng.gauss(0, 1)
        true = x + z > 0
        y = true != (rng.random() < 0.2)
        f.write("row_%d,%d,%.6f,%.6f,7,%s,%s\n" % (i, i + 1, 3 * x, 3 * z, "AB"[y], "no" if not y else "yes"))
PY
assert_exit 0 lossbench advise odd.csv --minutes 0.02 --out odd "${few[@]:2}" --losses hinge --set 'data.drop=[id, gone]'
assert_contains "$out" 'WARNING: Tells the label nearly alone: answer.'
assert_contains "$out" 'WARNING: Another value in every row, as an id has: name.'
assert_contains "$out" 'Left out: id and gone.'
assert_exit 0 lossbench advise odd.csv --minutes 0.02 --out clean "${few[@]:2}" --losses hinge --set 'data.drop=[name, id, gone, answer]' --json
assert_eq "$(json - .warnings <<<"$out")" '[]' warnings
assert_between "$(json - .label_noise.low <<<"$out")" 0 0.2 'lower end of the interval of 20 % noise'
assert_between "$(json - .label_noise.high <<<"$out")" 0.2 0.4 'its upper end'

assert_exit 0 lossbench advise "$LB_ROOT/datasets/samples/abalone.csv.gz" --task regression --losses huber --minutes 0.02 --out rings "${few[@]:2}" --json
assert_eq "$(json - .task <<<"$out") $(json - .direction <<<"$out") $(json - .metric <<<"$out")" 'regression lower rmse'

# ---- stopped and gone on ----

set -m
lossbench advise "$iris" --minutes 5 --out s "${few[@]:0:4}" --jobs 1 >answer 2>log &
job=$!
enough() { grep -qE '^fold ([3-9]|[0-9]{2}) ' log; } # of which an answer can be made
wait_until 60 enough
status=0
kill -INT -- "-$job"
wait $job || status=$?
assert_eq $status 130 'status after SIGINT'
assert_contains "$(cat answer)" 'interrupted; the same command goes on'
[ ! -e s/model.npz ] || fail 'a model of an interrupted start'
# Also while Python starts and loads its modules.
for delay in 0.03 0.06 0.1 0.2 0.4 0.8; do
	status=0
	lossbench advise "$iris" --minutes 5 --out early "${few[@]}" >answer 2>log &
	job=$!
	sleep $delay
	kill -INT -- "-$job"
	wait $job || status=$?
	assert_eq "$status $(grep -vc '^lossbench advise: interrupted' log || true)" '130 0' "status, and lines beside the message, after $delay s"
done
assert_exit 0 lossbench advise "$iris" --minutes 0.001 --out s "${few[@]:0:4}" --jobs 1 --json --quiet
assert_eq "$(json - .model <<<"$out")" s/model.npz

# ---- what is wrong ----

wrong() { # STATUS TEXT WORD...
	assert_exit "$1" lossbench advise "${@:3}"
	assert_contains "$err" "$2"
}
wrong 2 'one data file is needed'
wrong 2 '--minutes: found "0", allowed: a number in (0, 100000]' "$iris" --minutes 0
wrong 2 '--model: found "tree"' "$iris" --model tree
wrong 2 '--losses: found "gcee", allowed: losses of task multiclass; did you mean '\''gce'\''?' "$iris" --losses gcee --out w
wrong 2 'other than data.split and data.cv' "$iris" --set data.split.train=0.5 --out w
wrong 2 '--task: found regression, allowed: multiclass' "$iris" --task regression --out w
wrong 3 'did you mean "accuracy"?' "$iris" --metric acuracy --out w --quiet
wrong 4 'cannot be opened' nothing.csv
wrong 4 'found a file for task survival, allowed: binary, multiclass and regression' "$LB_ROOT/datasets/samples/gbsg.csv.gz"

assert_exit 0 lossbench losses --for 'label noise' binary
assert_contains "$out" 'savage'
assert_exit 0 lossbench losses --for 'class imbalance'
assert_contains "$out" 'multiclass  focal '
assert_exit 2 lossbench losses --for 'lable noise'
assert_contains "$err" 'did you mean "label noise"?'
