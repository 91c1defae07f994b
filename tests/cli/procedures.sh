#!/usr/bin/env bash
# procedures: what takes part in each step: the same bytes alone and in company, with threads and after kill -9; the study that uses them;
# what is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# ---- the study of configs/, in short: all trials in one cohort, each alone, two threads ----

same_in_any_company configs/procedures/label_noise.yaml 14 train.epochs=4 train.seed=1,2
"$py" - together/trials/*.json <<'PY'
import json, sys

found = {}
for name in sys.argv[1:]:
    r = json.load(open(name))
    used = tuple(p["name"] for p in r["config"].get("procedures", []))
    found.setdefault(r["config"]["train"]["seed"], {})[used] = r["result"]["curves"]["train.loss"]
for curves in found.values():
    assert sorted(curves) == [(), ("coteach",), ("ema",), ("mixup",), ("sam",), ("sam", "mixup"), ("small_loss",)], list(curves)
    assert len({tuple(c) for c in curves.values()}) == 6, curves  # ema changes what is evaluated alone
    assert curves[()] == curves["ema",]
    assert curves[()][0] != curves["coteach",][1]
PY
out=$(lossbench report together --metric test.accuracy)
for name in 'coteach(forget=0.4,ramp=10)' 'sam(rho=0.2) mixup(alpha=0.4)'; do assert_contains "$out" "$name"; done

# ---- those of the gradient and the weights, in a folder of their own ----

for study in steps:9 ignite:3 self_distillation:4; do
	mkdir "${study%:*}"
	cd "${study%:*}"
	same_in_any_company "configs/procedures/${study%:*}.yaml" "${study#*:}" train.epochs=2 train.seed=1
	cd ..
done

# ---- ids: an empty list is no list ----

cat >c.yaml <<YAML
task: multiclass
data: {train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}}
model: {kind: mlp, hidden: [8], dropout: 0.1}
loss: {name: ce}
optimizer: {name: adam, lr: 0.001}
train: {epochs: 3, batch: 16}
metrics: [accuracy]
output: {dir: plain}
YAML
assert_exit 0 lossbench train --config c.yaml --quiet
assert_exit 0 lossbench train --config c.yaml --quiet --set procedures=[] --set output.dir=empty
assert_same_results plain empty
assert_exit 0 lossbench train --config c.yaml --quiet --set procedures=[sam] --set output.dir=sam
assert_eq "$(json sam/trials/*.json .config.procedures)" '[{"name": "sam", "rho": 0.05}]' 'the record'

# ---- kill -9 ----

sed '/^output/d' c.yaml >many.yaml
cat >>many.yaml <<'YAML'
output: {dir: killed}
sweep:
  procedures: [[sam], [mixup], [coteach], [sam, mixup], [swa, cvar], [lookahead, gradient_noise], [tract, agc], [saf, sam], [mesa]]
YAML
long=(--config many.yaml --quiet --set train.epochs=3000)
lossbench sweep "${long[@]}" --set output.dir=whole
kept() { [ "$(find killed/trials -name '*.checkpoint' 2>/dev/null | wc -l)" -ge 1 ]; }
lossbench sweep "${long[@]}" --set train.checkpoint=20 --jobs 2 &
parent=$!
wait_until 30 kept
mapfile -t workers < <(children $parent)
kill -9 $parent "${workers[@]}" 2>/dev/null || true
wait $parent 2>/dev/null || true
[ "$(find killed/trials -name '*.json' | wc -l)" -lt 9 ] || fail 'all was done before the kill'
assert_exit 0 lossbench sweep "${long[@]}" --set train.checkpoint=20 --jobs 2
assert_same_results whole killed
most=0
for f in killed/trials/*.json; do
	n=$(json "$f" .run.resumed_epochs)
	[ "$n" -le "$most" ] || most=$n
done
assert_between "$most" 20 2980 'epochs from a checkpoint'

# ---- what is refused, at the line of the key ----

cp c.yaml r.yaml
echo 'procedures: [sam]' >>r.yaml
refused() { # refused TEXT SETS...: exit 3, with the text
	local text=$1 sets=()
	shift
	for s; do sets+=(--set "$s"); done
	assert_exit 3 lossbench train --config r.yaml --set output.dir=refused "${sets[@]}"
	assert_contains "$err" "$text"
}
line=$(grep -n '^procedures' r.yaml | cut -d: -f1)
refused "r.yaml:$line:13: procedures: found sam with optimizer lbfgs, which takes no steps by minibatches" optimizer=lbfgs
refused 'procedures: found sam with model naive_bayes, which takes no steps by minibatches' model=naive_bayes
refused 'procedures: found coteach with sam, but coteach takes the whole step and stands alone; keep one' 'procedures=[coteach, sam]'
refused 'procedures: found sam with coteach, but coteach takes the whole step' 'procedures=[sam, coteach]'
refused 'procedures: sam stands twice; keep one' 'procedures=[sam, sam]'
refused 'procedures: found sam twice; keep one' 'procedures=[sam, {name: sam, rho: 1}]'
refused 'procedures.rho: found -1, allowed' 'procedures=[{name: sam, rho: -1}]'
refused 'unknown procedure "mixap", allowed: sam, asam, gsam, mixup, small_loss, cvar, coteach, ema, swa, lookahead, saf, mesa, tract, gradient_noise, gradient_centralisation, agc, freeze, wise_ft; did you mean "mixup"?' 'procedures=[mixap]'
refused 'procedures: found mixup with loss elr, which remembers each row' 'procedures=[mixup]' loss=elr
refused 'procedures: found coteach with loss elr, which remembers each row' 'procedures=[coteach]' loss=elr
refused 'procedures: found coteach with loss bias, which is not a sum over rows' 'procedures=[coteach]' loss=bias
refused 'procedures: found mixup with optimizer batch_perceptron, which steps by the rows' 'procedures=[mixup]' optimizer=batch_perceptron
refused 'procedures: found mixup with train.views, which makes further copies' 'procedures=[mixup]' loss=gjs 'train.views={kind: gaussian_noise}'
refused 'procedures: found mixup with train.attack, which moves rows' 'procedures=[mixup]' 'train.attack={kind: fgsm, eps: 0.1}'
refused 'procedures: found coteach with train.attack, which moves rows' 'procedures=[coteach]' 'train.attack={kind: fgsm, eps: 0.1}'
printf '1 1:0.5 3:1\n0 2:1\n1 1:1\n0 3:2\n1 2:2 3:1\n0 1:3\n' >s.svm
sparse=("data.train.path=s.svm" data.train.label=null data.preprocess.standardize=false 'data.split={train: 0.5, valid: 0, test: 0.5, stratify: false}' task=binary)
refused 'procedures: found mixup with sparse data, of which it changes the zeros too; allowed: dense data' 'procedures=[mixup]' "${sparse[@]}" loss=logistic
refused 'procedures: found coteach with loss pairwise_hinge, which is not a sum over rows' 'procedures=[coteach]' "${sparse[@]}" loss=pairwise_hinge
refused 'procedures: found tract with sparse data, which it reads the zeros of; allowed: dense data' 'procedures=[tract]' "${sparse[@]}" loss=logistic
refused 'procedures: found saf with mixup, but one compares the scores of rows with their own of before' 'procedures=[saf, mixup]'
refused 'procedures: found mixup with mesa, but one compares the scores of rows with their own of before' 'procedures=[mixup, mesa]'
refused 'procedures: found saf with loss coral, which has other scores than one for each class' 'procedures=[saf]' loss=coral
refused 'procedures.name: ignite is a regression procedure; the task is multiclass, allowed: sam, ' 'procedures=[ignite]'
# The others take sparse rows, with and without decay.
for p in sam coteach lookahead '{name: saf, start: 0, lag: 1}' '{name: mesa, start: 0}' gradient_noise gradient_centralisation '{name: agc, last: true}'; do
	for decay in 0 0.1; do
		sets=()
		for s in "${sparse[@]}" loss=logistic model=linear optimizer.name=sgd "optimizer.weight_decay=$decay" optimizer.lr=0.1 "procedures=[$p]"; do sets+=(--set "$s"); done
		assert_exit 0 lossbench train --config r.yaml --quiet --set "output.dir=sparse" "${sets[@]}"
	done
done
