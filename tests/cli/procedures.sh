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

# ---- those of the gradient and the weights, of rows, subgroups and labels, each study in a folder of its own ----

for study in steps:9 ignite:3 rows:10 subgroups:7 weights:12 dropout:6 self_distillation:4 two_models:6 mixing:5 held_rows:8; do
	mkdir "${study%:*}"
	cd "${study%:*}"
	same_in_any_company "configs/procedures/${study%:*}.yaml" "${study#*:}" train.epochs=2 train.seed=1
	cd ..
done
mkdir class_gaussians
cd class_gaussians
same_in_any_company configs/class_gaussians/letter.yaml 3 train.epochs=2 train.seed=1
cd ..
mkdir useful
cd useful
same_in_any_company configs/useful/letter.yaml 4 train.epochs=7 train.seed=1
"$py" - together/trials/*.json <<'PY'
import json, sys

steps = {" ".join(p["name"] for p in r["config"].get("procedures", [])): r["result"]["steps"] for r in map(json.load, map(open, sys.argv[1:]))}
assert steps[""] == steps["sam"] == 7 * 32, steps  # batches of 64 of 2000 rows
for name in "useful", "useful sam":
    assert steps[""] < steps[name] < 2 * steps[""] and steps[name] % 7 == 0, steps
PY
cd ..

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

# ---- what is measured of a training: right labels among the rows that count, zeros among the weights ----

sed '/^metrics/d; /^output/d; s/epochs: 3/epochs: 30/; s/lr: 0.001/lr: 0.01/' c.yaml >m.yaml
cat >>m.yaml <<'YAML'
corrupt: {labels: {kind: uniform, rate: 0.3}}
metrics: [selected_clean, sparsity]
output: {dir: measured, model: true}
sweep:
  procedures: [[{name: small_loss, keep: 1}], [{name: divide_rows, warmup: 12}], [{name: prune, rate: 0.25, every: 12}, {name: small_loss, keep: 1}]]
YAML
assert_exit 0 lossbench sweep --config m.yaml --quiet
"$py" - <<'PY'
import ast, glob, json, struct, zipfile

def zeros(path):
    """Zeros among the weights of a model, and all of them, without NumPy."""
    none = total = 0
    with zipfile.ZipFile(path) as z:
        for name in ("W1.npy", "W2.npy"):
            b = z.read(name)
            at = 10 + struct.unpack("<H", b[8:10])[0]
            assert ast.literal_eval(b[10:at].decode())["descr"] == "<f4"
            v = memoryview(b[at:]).cast("f")
            none, total = none + sum(x == 0 for x in v), total + len(v)
    return none, total

clean = {}
for path in glob.glob("measured/trials/*.json"):
    r = json.load(open(path))
    m, used = r["result"]["metrics"]["test"], [p["name"] for p in r["config"]["procedures"]]
    none, total = zeros(path.replace(".json", ".model.npz"))
    assert total == 8 * 4 + 3 * 8 and none == (14 + 10 if "prune" in used else 0), (none, total)
    assert m["sparsity"] == none / total, m
    clean[" ".join(used)] = m["selected_clean"]
    right = 1 - r["data"]["corrupted"]["changed"]["train"] / r["data"]["rows"]["train"]
assert abs(clean["small_loss"] - right) < 1e-12 and clean["prune small_loss"] == clean["small_loss"], (clean, right)
assert clean["divide_rows"] > right + 0.05, (clean, right)
PY

# What is pruned before levels are set stays 0, and so does a feature that is left out.
sed '/^metrics/d; /^output/d' c.yaml >zero.yaml
cat >>zero.yaml <<'YAML'
metrics: [sparsity]
output: {dir: zeros}
sweep:
  procedures: [[{name: prune, rate: 0.5, every: 1, rounds: 1}, {name: quantise, levels: binary}], [{name: prune, rate: 0.5, every: 1, rounds: 1}, biper]]
YAML
assert_exit 0 lossbench sweep --config zero.yaml --quiet
assert_eq "$(jq .result.metrics.test.sparsity zeros/trials/*.json)" $'0.5\n0.5' 'zeros among binary weights'

# ---- kill -9 ----

sed '/^output/d' c.yaml >many.yaml
cat >>many.yaml <<'YAML'
output: {dir: killed}
sweep:
  procedures: [[sam], [mixup], [coteach], [sam, mixup], [swa, cvar], [lookahead, gradient_noise], [tract, agc],
    [{name: divide_rows, warmup: 2}, {name: curriculum, warmup: 2}, quantise], [{name: label_ensemble, start: 2}, {name: prune, rewind: 1}],
    [{name: joint_labels, start: 4, average: 3}], [gradient_harmonising, spectral_risk, self_paced], [nested_dropout, multi_dropout],
    [saf, sam], [mesa], [{name: coteach_plus, start: 2}], [jocor], [cutmix], [{name: meta_weights, held: 0.3, labels: right}], [class_gaussians, sam], [{name: useful, epochs: 2}, ema], [{name: biper, soft: 1000}, sam], [{name: bit_allocation, bits: 3}, {name: prune, every: 4}]]
YAML
long=(--config many.yaml --quiet --set train.epochs=3000)
killed_and_resumed 22 "${long[@]}"
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
refused 'unknown procedure "mixap", allowed: sam, asam, gsam, mixup, small_loss, cvar, coteach, ema, swa, lookahead, saf, mesa, tract, gradient_noise, gradient_centralisation, agc, freeze, wise_ft, self_paced, spectral_risk, gradient_harmonising, curriculum, divide_rows, group_dro and 16 more; did you mean "mixup"?' 'procedures=[mixap]'
refused 'procedures: found mixup with loss elr, which remembers each row' 'procedures=[mixup]' loss=elr
refused 'procedures: found coteach with loss elr, which remembers each row' 'procedures=[coteach]' loss=elr
refused 'procedures: found coteach with loss bias, which is not a sum over rows' 'procedures=[coteach]' loss=bias
refused 'procedures: found mixup with optimizer batch_perceptron, which steps by the rows' 'procedures=[mixup]' optimizer=batch_perceptron
refused 'procedures: found mixup with train.views, which makes further copies' 'procedures=[mixup]' loss=gjs 'train.views={kind: gaussian_noise}'
refused 'procedures: found mixup with train.attack, which moves rows' 'procedures=[mixup]' 'train.attack={kind: fgsm, eps: 0.1}'
refused 'procedures: found coteach with train.attack, which moves rows' 'procedures=[coteach]' 'train.attack={kind: fgsm, eps: 0.1}'
refused 'procedures: found group_dro without data.subgroup, the column that divides the rows; give data.subgroup: COLUMN, or remove it' 'procedures=[group_dro]'
refused 'procedures: found mixup with label_ensemble, both of which change labels; keep one' 'procedures=[mixup, label_ensemble]'
refused 'procedures: found joint_labels with label_ensemble, both of which change labels; keep one' 'procedures=[joint_labels, label_ensemble]'
refused 'procedures: found label_ensemble with cvar, of which one gives a row several labels and the other reads its loss under one; keep one' 'procedures=[label_ensemble, cvar]'
refused 'procedures: found divide_rows with mixup, but mixup mixes rows, and the other goes by what a row is by itself; keep one' 'procedures=[divide_rows, mixup]'
refused 'procedures: found mixup with gradient_harmonising, but mixup mixes rows' 'procedures=[mixup, gradient_harmonising]'
refused 'procedures: found label_ensemble with loss bias, which is no mean over rows of a loss of each label' 'procedures=[label_ensemble]' loss=bias
refused 'procedures: found label_ensemble with loss elr, which remembers each row' 'procedures=[label_ensemble]' loss=elr
refused 'procedures: found label_ensemble with weights of classes, which a row has several of; weigh rows by data.weight' 'procedures=[label_ensemble]' train.class_weight=balanced
refused 'procedures: found joint_labels with train.attack, which moves rows of one label' 'procedures=[joint_labels]' 'train.attack={kind: fgsm, eps: 0.1}'
refused 'procedures: found quantise with train.attack, which moves rows against the weights that are trained' 'procedures=[quantise]' 'train.attack={kind: fgsm, eps: 0.1}'
refused 'procedures: biper: soft: found 3 with train.epochs 3, allowed: below it, so that weights have two values at the end' 'procedures=[{name: biper, soft: 3}]'
refused 'procedures: bit_allocation: bits: found 3 with least 4 and most 8, allowed: from least to most' 'procedures=[{name: bit_allocation, least: 4}]'
refused 'procedures: biper: soft: found 1 with train.early_stopping, which may keep an epoch of sines, allowed: 0' 'procedures=[{name: biper, soft: 1}]' 'train.early_stopping={metric: valid.accuracy}'
refused 'procedures: found quantise with biper, both of which say what a weight can be; keep one' 'procedures=[quantise, biper]'
refused 'procedures: found biper with procedure freeze, which keeps layers whose scales it moves; give scale_rate: 0' 'procedures=[freeze, biper]'
refused 'procedures: found gradient_harmonising with optimizer batch_perceptron, which steps by the rows' 'procedures=[gradient_harmonising]' optimizer=batch_perceptron
refused 'procedures: found gradient_harmonising with loss cumulative_logit, which has other scores than one a class' 'procedures=[gradient_harmonising]' loss=cumulative_logit
refused 'procedures: found nested_dropout with model linear, which has no hidden layer; allowed: mlp' 'procedures=[nested_dropout]' model=linear
refused 'procedures: found nested_dropout with model.head cosine, which reads the length of all features; allowed: linear' 'procedures=[nested_dropout]' 'model.head={kind: cosine}'
refused 'procedures: found nested_dropout with train.early_stopping, but what evaluations read is chosen after the last epoch' 'procedures=[nested_dropout]' 'train.early_stopping={metric: valid.accuracy}'
refused 'procedures: found multi_dropout with model.dropout 0, so that all its masks are the same; allowed: above 0' 'procedures=[multi_dropout]' model.dropout=0
refused 'procedures: found multi_dropout with cvar, of which one gives a row several losses and the other goes by its only one; keep one' 'procedures=[multi_dropout, cvar]'
refused 'procedures: found group_dro by subgroup_and_label with task regression, whose rows have no classes; allowed: by: subgroup' 'procedures=[{name: group_dro, by: subgroup_and_label}]' "data.train.path=$LB_ROOT/datasets/samples/abalone.csv.gz" data.train.label=target data.subgroup=sex_1 task=regression loss=mse metrics=null
refused 'procedures: self_paced: lambda: found 1 with weights: log, allowed: above 0 and below 1' 'procedures=[{name: self_paced, weights: log}]'
refused 'procedures: self_paced: zeta: found 2 with weights: mixture and lambda 1, allowed: below lambda' 'procedures=[{name: self_paced, weights: mixture, zeta: 2}]'
refused 'procedures: spectral_risk: rho: found 0 with spectrum: extremile, allowed: above 0' 'procedures=[{name: spectral_risk, rho: 0}]'
refused 'procedures: joint_labels: average: found 10 with start 5, allowed: at most start' 'procedures=[{name: joint_labels, start: 5}]'
refused 'procedures: prune: rewind: found 6 with every 5, allowed: at most every' 'procedures=[{name: prune, rewind: 6}]'
refused 'metrics: found selected_clean without a procedure that weighs rows; add one to procedures, such as small_loss or divide_rows, or remove the metric' 'metrics=[selected_clean]'
penguins=("data.train.path=$LB_ROOT/datasets/samples/penguins.csv.gz" data.subgroup=island data.missing=drop)
refused 'procedures: found irm with group_dro, both of which weigh subgroups; keep one' 'procedures=[irm, group_dro]' "${penguins[@]}" 'metrics=null'
refused 'procedures: found mixup with vrex, but mixup mixes rows' 'procedures=[mixup, vrex]' "${penguins[@]}" 'metrics=null'
printf '1 1:0.5 3:1\n0 2:1\n1 1:1\n0 3:2\n1 2:2 3:1\n0 1:3\n' >s.svm
sparse=("data.train.path=s.svm" data.train.label=null data.preprocess.standardize=false 'data.split={train: 0.5, valid: 0, test: 0.5, stratify: false}' task=binary)
refused 'procedures: found mixup with sparse data, of which it changes the zeros too; allowed: dense data' 'procedures=[mixup]' "${sparse[@]}" loss=logistic
refused 'procedures: found coteach with loss pairwise_hinge, which is not a sum over rows' 'procedures=[coteach]' "${sparse[@]}" loss=pairwise_hinge
refused 'procedures: found tract with sparse data, which it reads the zeros of; allowed: dense data' 'procedures=[tract]' "${sparse[@]}" loss=logistic
refused 'procedures: found saf with mixup, but mixup mixes rows, and the other goes by what a row is by itself' 'procedures=[saf, mixup]'
refused 'procedures: found mixup with mesa, but mixup mixes rows, and the other goes by what a row is by itself' 'procedures=[mixup, mesa]'
refused 'procedures: found saf with loss coral, which has other scores than one a class' 'procedures=[saf]' loss=coral
refused 'procedures.name: ignite is a regression procedure; the task is multiclass, allowed: sam, ' 'procedures=[ignite]'
refused 'procedures: found mixup with cutmix, both of which change labels; keep one' 'procedures=[mixup, cutmix]'
refused 'procedures: found divide_rows with cutmix, but cutmix mixes rows' 'procedures=[divide_rows, cutmix]'
refused 'procedures: found cutmix with sparse data, of which it changes the zeros too' 'procedures=[cutmix]' "${sparse[@]}" loss=logistic
refused 'procedures: found sam with jocor, but jocor takes the whole step and stands alone; keep one' 'procedures=[sam, jocor]'
refused 'procedures: found coteach_plus with useful, but coteach_plus takes the whole step and stands alone; keep one' 'procedures=[coteach_plus, useful]'
refused 'procedures: found coteach_plus with loss cumulative_logit, which has other scores than one a class' 'procedures=[coteach_plus]' loss=cumulative_logit
refused 'procedures: found jocor with optimizer batch_perceptron, which steps by the rows' 'procedures=[jocor]' optimizer=batch_perceptron
refused 'procedures.name: useful is a multiclass procedure; the task is regression' 'procedures=[useful]' "data.train.path=$LB_ROOT/datasets/samples/abalone.csv.gz" data.train.label=target task=regression loss=mse metrics=null
refused 'procedures: found useful with train.sampler balanced, which says itself how often a row is read; remove one of the two' 'procedures=[useful]' train.sampler=balanced
refused 'procedures: found useful with train.views, which makes further copies of each row; remove one of the two' 'procedures=[useful]' loss=gjs 'train.views={kind: gaussian_noise}'
refused 'procedures: found useful with loss elr, which remembers each row' 'procedures=[useful]' loss=elr
refused 'procedures: found useful with loss bias, which is not a sum over rows' 'procedures=[useful]' loss=bias
refused 'procedures: found meta_weights with sparse data, which it reads the zeros of' 'procedures=[meta_weights]' "${sparse[@]}" loss=logistic
refused 'procedures: found meta_weights with model.head cosine, whose scores are no linear function of the features below; allowed: linear' 'procedures=[meta_weights]' 'model.head={kind: cosine}'
refused 'procedures: found meta_weights with train.attack, which moves the rows whose slopes are taken' 'procedures=[meta_weights]' 'train.attack={kind: fgsm, eps: 0.1}'
refused 'procedures: found meta_weights with loss elr, which is no function of a row'"'"'s scores and label alone' 'procedures=[meta_weights]' loss=elr
refused 'procedures: found meta_weights with loss bias, which is not a sum over rows' 'procedures=[meta_weights]' loss=bias
refused 'procedures: found quantise with meta_weights, of which one takes slopes at the weights that are trained' 'procedures=[quantise, meta_weights]'
refused 'procedures: found meta_weights with mixup, of which one takes slopes of rows as they are' 'procedures=[meta_weights, mixup]'
refused 'procedures: found meta_weights with label_ensemble, of which one gives a row several labels' 'procedures=[meta_weights, label_ensemble]'
refused 'procedures: found meta_weights with optimizer batch_perceptron, which steps by the rows' 'procedures=[meta_weights]' optimizer=batch_perceptron
refused 'procedures: found class_gaussians with sparse data, of which it changes the zeros too' 'procedures=[class_gaussians]' "${sparse[@]}" loss=logistic
refused 'procedures: found class_gaussians with train.attack, which moves rows of one label' 'procedures=[class_gaussians]' 'train.attack={kind: fgsm, eps: 0.1}'
refused 'procedures: found divide_rows with class_gaussians, but class_gaussians mixes rows' 'procedures=[divide_rows, class_gaussians]'
# The others take sparse rows, with and without decay.
for p in sam coteach lookahead '{name: saf, start: 0, lag: 1}' '{name: mesa, start: 0}' self_paced spectral_risk gradient_harmonising '{name: divide_rows, warmup: 1}' '{name: label_ensemble, start: 1}' quantise biper bit_allocation '{name: prune, every: 1}' gradient_noise gradient_centralisation '{name: agc, last: true}' '{name: coteach_plus, start: 1}' jocor '{name: useful, epochs: 1}'; do
	for decay in 0 0.1; do
		sets=()
		for s in "${sparse[@]}" loss=logistic model=linear optimizer.name=sgd "optimizer.weight_decay=$decay" optimizer.lr=0.1 "procedures=[$p]"; do sets+=(--set "$s"); done
		assert_exit 0 lossbench train --config r.yaml --quiet --set "output.dir=sparse" "${sets[@]}"
	done
done
