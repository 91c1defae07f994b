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
assert_contains "$out" '144 trials: 0 done, 144 to do; 144 folds to tune, then 12 trainings with the chosen settings'
assert_eq "$(lossbench sweep --config tune.yaml --list | wc -l)" 144
assert_exit 0 lossbench sweep --config tune.yaml
assert_contains "$err" '144 trials: 0 done, 144 to do'
assert_contains "$err" '156 trials: 144 done, 12 to do'
assert_contains "$out" '12 trials'
assert_exit 0 lossbench sweep --config tune.yaml
assert_contains "$err" '156 trials: 156 done, 0 to do'
assert_contains "$(lossbench status out)" '156 trials of tune.yaml'
assert_contains "$(lossbench sweep --config tune.yaml --dry-run)" '156 trials: 156 done, 0 to do'
[[ $(lossbench sweep --config tune.yaml --dry-run) != *'to tune'* ]] || fail 'there is nothing to tune any more'
assert_exit 2 lossbench train --config tune.yaml

# The choice, from the records by other means: the least mean log-loss over the folds; no fold has a test metric.
python3 - <<'END'
import glob, json, collections
records = [json.load(open(f)) for f in glob.glob("out/trials/*.json")]
folds = [r for r in records if "cv" in r["config"]["data"]]
refits = [r for r in records if "cv" not in r["config"]["data"]]
assert len(folds) == 144 and len(refits) == 12, (len(folds), len(refits))
assert all("test" not in r["result"]["metrics"] and r["data"]["rows"]["test"] == 0 for r in folds)
def arm(r): return r["config"]["loss"]["name"], r["config"]["corrupt"]["labels"]["rate"], r["config"]["train"]["seed"]
def settings(r): return json.dumps({"loss": r["config"]["loss"], "lr": r["config"]["optimizer"]["lr"]}, sort_keys=True)
means = collections.defaultdict(lambda: collections.defaultdict(list))
for r in folds:
    means[arm(r)][settings(r)].append(r["result"]["metrics"]["valid"]["log_loss"])
for a, found in means.items():
    assert len(found) == 4 and all(len(v) == 3 for v in found.values())
    best = min(found, key=lambda s: sum(found[s]) / 3)
    assert {settings(r) for r in refits if arm(r) == a} == {best}, a
assert sorted(map(arm, refits)) == sorted(means)
# Each training row validates once.
assert sum(r["data"]["rows"]["valid"] for r in folds) * 3 == sum(r["data"]["rows"]["train"] + r["data"]["rows"]["valid"] for r in folds)
tuning = json.load(open("out/tuning.json"))
study, = tuning["studies"]
assert [study[k] for k in ("study", "metric", "direction", "folds")] == ["tuned", "log_loss", "lower", 3], study
assert tuning["schema"] == "lossbench-tuning/2" and len(study["arms"]) == 4
refit = {r["id"]: r for r in refits}
for a in study["arms"]:
    assert len(a["choices"]) == 3 and set(a["loss"]) == {"name"}, a["loss"]
    for c in a["choices"]:
        r = refit.pop(*c["trials"])
        assert r["config"]["optimizer"]["lr"] == c["chosen"]["optimizer.lr"] and r["config"]["loss"]["name"] == a["loss"]["name"]
        assert r["config"]["loss"].get("q") == c["chosen"].get("loss.q") and len(c["candidates"]) == 4
        best = min(c["candidates"], key=lambda e: e["mean"])
        assert best["settings"] == c["chosen"] and best["folds"] == 3, c
        values = means[arm(r)][settings(r)]
        assert abs(best["mean"] - sum(values) / 3) < 1e-12
assert not refit
END

# The table shows the refits with what was chosen, not the folds.
assert_exit 0 lossbench report out --metric test.accuracy
assert_contains "$out" '12 trials'
assert_lacks "$out" 'data.cv'

# A metric with a parameter is found by its name.
assert_exit 0 lossbench sweep --config tune.yaml --set 'metrics=[{name: top_k, k: 2}]' --set tune.metric=valid.top_k --set output.dir=top
assert_lacks "$(cat top/tuning.json)" '"mean": null'
assert_lacks "$(cat top/tuning.json)" '"lost_folds": 3'

# Only refits leave models and predictions.
assert_exit 0 lossbench sweep --config tune.yaml --quiet --set loss=ce --set corrupt.labels=none --set train.seed=1,2 --set output.model=true \
	--set output.predictions=true --set output.dir=kept
for f in kept/trials/*.json; do
	kept=$(find kept/trials -name "$(basename "$f" .json).*" ! -name '*.json' | wc -l)
	assert_eq "$kept" "$(grep -q '"cv"' "$f" && echo 0 || echo 2)" "beside $f"
done

# Two studies in one folder: each keeps its entry, and its table is of its own trials.
assert_exit 0 lossbench sweep --config tune.yaml --set name=other --set tune.trials=2 --set loss=ce --set corrupt.labels=none \
	--set train.seed=1 --set output.dir=kept
assert_contains "$out" '1 trial;'
assert_eq "$(json kept/tuning.json .studies[0].study) $(json kept/tuning.json .studies[1].study)" 'tuned other'
assert_exit 0 lossbench sweep --config tune.yaml --set loss=ce --set corrupt.labels=none --set train.seed=1,2 --set output.dir=kept
assert_contains "$out" '2 trials;'

# A sweep of other seeds or losses keeps what was chosen before; a choice that is made anew takes its place.
one() { lossbench sweep --config tune.yaml --quiet --set loss=ce --set corrupt.labels=none --set output.dir=seeds "$@" >/dev/null; }
choices() { "${PYTHON:-python3}" -c 'import json, sys
study, = json.load(open("seeds/tuning.json"))["studies"]
print(*("%s:%d" % (a["loss"]["name"], len(a["choices"])) for a in study["arms"]))
ids = [i for a in study["arms"] for c in a["choices"] for i in c["trials"]]
assert len(set(ids)) == len(ids) and all(open("seeds/trials/%s.json" % i) for i in ids)'; }
one --set train.seed=1
one --set train.seed=2,3
assert_eq "$(choices)" ce:3
one --set train.seed=1 --set loss=brier
assert_eq "$(choices)" 'brier:1 ce:3'
one --set train.seed=2,3
assert_eq "$(choices)" 'ce:3 brier:1'
refit=$(json seeds/tuning.json .studies[0].arms[0].choices[0].trials[0])
for f in $(grep -l '"cv"' seeds/trials/*.json | xargs grep -l '"seed": 2' |
	xargs grep -l "\"lr\": $(json "seeds/trials/$refit.json" .config.optimizer.lr)"); do
	sed -i '/^  "result"/,$ s/"log_loss": [0-9.]*/"log_loss": 99/' "$f"
done
one --set train.seed=2
assert_eq "$(choices)" 'ce:3 brier:1'
assert_lacks "$(cat seeds/tuning.json)" "\"$refit\""
one --set train.seed=2 --set tune.trials=3
assert_eq "$(choices)" 'ce:1 brier:1'

# merge brings the choices along; a file that is broken is told of and written anew.
assert_exit 0 lossbench merge --into joined top kept
assert_contains "$err" 'the entry of joined is kept'
assert_exit 0 lossbench merge --into both kept out --dry-run
[ ! -e both ] || fail '--dry-run made the folder'
mkdir half
echo '{"schema": "lossbench-tuning/1", "study": "tuned", "arms": []}' >half/tuning.json
cp -r kept/trials half
assert_exit 0 lossbench sweep --config tune.yaml --set loss=ce --set corrupt.labels=none --set train.seed=1,2 --set output.dir=half
assert_contains "$err" 'half/tuning.json: not a whole file of the form lossbench-tuning/2'
assert_eq "$(json half/tuning.json .studies[0].study)" tuned
if "${PYTHON:-python3}" -c 'import jsonschema' 2>/dev/null; then
	"${PYTHON:-python3}" - "$LB_ROOT/results/tuning.schema.json" {out,top,kept,joined,half}/tuning.json <<'END'
import json, sys
import jsonschema
validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for name in sys.argv[2:]:
    validator.validate(json.load(open(name)))
END
fi

# A sweep killed in its first part goes on to the same end.
cp -r out whole && rm -r out/tuning.json
find out/trials -name '*.json' | sort | sed -n '1,20p' | xargs rm
assert_exit 0 lossbench sweep --config tune.yaml
cmp out/tuning.json whole/tuning.json
assert_same_results whole out

# A parameter that one loss of the study has is left out for the others; one that no loss has is refused.
cat >space.yaml <<END
task: binary
data: {train: {path: $LB_ROOT/datasets/samples/german_credit.csv.gz}}
loss: logistic
sweep: {loss: [logistic, focal]}
tune: {trials: 2, folds: 2, metric: valid.auc, space: {loss.gamma: [1, 2], optimizer.lr: [0.1, 1]}}
output: {dir: space}
END
assert_exit 0 lossbench config check space.yaml
sed 's/loss.gamma/loss.gama/; s/optimizer.lr/model.depth/' space.yaml >unknown.yaml
assert_exit 3 lossbench config check unknown.yaml
assert_contains "$err" 'unknown.yaml:5:56: loss.gama: no loss of this study has such a parameter, allowed: weight, rows, gamma; did you mean "gamma"?'
assert_contains "$err" 'model.depth: no model of this study has such a parameter'
