#!/usr/bin/env bash
# A loss by its formula: in a config, swept by its parameters, in the id, refused with the place of what is wrong, the same to the byte
# however it is trained.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}

# make_config FILE TASK DATA LABEL LOSS [MORE...]: a config of one trial.
make_config() {
	printf '%s\n' "name: ${1%.yaml}" "task: $2" "data:" "  train: {path: $LB_ROOT/datasets/samples/$3, label: $4}" "  split: {train: 0.6, valid: 0.2, test: 0.2}" \
		"train: {epochs: 3}" "loss: $5" "${@:6}" >"$1"
}

# Values of parameters come from the default, the block or the sweep; the text in the record is written in one way.
make_config c.yaml multiclass iris.csv.gz label '{formula: "-(1-p)^g*log( p )", params: {g: {default: 2, min: 0, max: 5, grid: [0, 1, 2]}}}'
assert_exit 0 lossbench config resolve c.yaml
assert_contains "$out" '"loss": {'
assert_contains "$out" '"formula": "-(1 - p)^g * log(p)"'
assert_contains "$out" '"g": 2'
assert_contains "$out" '"name": "formula"'
assert_exit 0 lossbench sweep --config c.yaml --set 'loss.g=0,1,2' --set output.dir=swept --quiet
assert_exit 0 lossbench sweep --config c.yaml --set loss.g=default --set output.dir=grid --quiet
assert_same_results swept grid
assert_eq "$(find swept -name '*.json' -path '*trials/*' | wc -l)" 3
# Focal loss is the same loss: its results to six digits, but another trial.
for set in 'formula loss.g=1' 'focal loss={name: focal, gamma: 1}'; do
	assert_exit 0 lossbench train --config c.yaml --quiet --set "${set#* }" --set "output.dir=${set%% *}" --print valid.log_loss
	printf '%.6f\n' "$out" >>log_loss
done
assert_eq "$(sort -u log_loss | wc -l)" 1 'log losses of a formula and its loss'
assert_eq "$(find formula focal -name '*.json' -path '*trials/*' -printf '%f\n' | sort -u | wc -l)" 2 'ids'
# Another way to write it is the same trial; another formula, or another value, is not.
for loss in '{formula: "- ((1 - p)^g) * log(p[y])", g: 1}' '{formula: "-(1 - p)^g * log(p)", g: 1, params: {g: 3}}' '{formula: "-(1 - p)^g * log(p)", g: 3}' \
	'{formula: "-(1 - p)^h * log(p)", h: 1}' '{name: mine, formula: "-(1 - p)^g * log(p)", g: 1}'; do
	assert_exit 0 lossbench train --config c.yaml --quiet --set "loss=$loss" --set output.dir=many
done
assert_eq "$(find formula many -name '*.json' -path '*trials/*' -printf '%f\n' | sort -u | wc -l)" 4 'ids of formulas'

# Other tasks, and what a loss of rows can be given: terms, weights of classes, soft losses of rows; with workers, threads, kernels and
# in company the bytes are the same.
make_config b.yaml binary wdbc.csv.gz label '{formula: "max(0, 1 - m)^2"}' 'terms: [{formula: "log(1 + exp(-y * f))", weight: 0.5}, {name: hinge, weight: 0.1}]' \
	'procedures: [{name: small_loss}]'
make_config r.yaml regression concrete.csv.gz target '{formula: "where(abs(r) <= d, r^2 / 2, d * (abs(r) - d / 2))", d: 1}' \
	'sweep: {loss.d: {from: 0.5, to: 2, steps: 3, scale: log}}'
make_config m.yaml multiclass vowel.csv.gz label '{formula: "sum((p[k] - e[k])^2) - epoch * log(p)"}' 'model: {kind: mlp, hidden: [9]}' \
	'sweep: {loss: [{name: ce}, {formula: "sum((p[k] - e[k])^2) - epoch * log(p)"}, {formula: "-log(p + a)", a: [1, 2]}], train.precision: [float32, float64]}'
for c in b r m; do
	assert_exit 0 lossbench sweep --config $c.yaml --quiet --jobs 1 --set output.dir=$c.one
	assert_exit 0 lossbench sweep --config $c.yaml --quiet --jobs 2 --set output.dir=$c.two
	assert_same_results $c.one $c.two
done
assert_eq "$(find r.one -name '*.json' -path '*trials/*' | wc -l)" 3
assert_eq "$(find m.one -name '*.json' -path '*trials/*' | wc -l)" 8

# A parameter swept beside several losses is set for those that have it, and the dry run says for which; one that none has is refused.
sed 's/^sweep: .*/sweep: {loss: [ce, {formula: "-(1 - p)^g * log(p)", g: 2}], loss.g: [0, 1]}/' m.yaml >some.yaml
assert_exit 0 lossbench sweep some.yaml --dry-run
assert_contains "$out" '3 trials:'
assert_contains "$err" 'loss.g is set where the loss has it: formula; not for ce'
assert_exit 0 lossbench config resolve some.yaml
assert_eq "$(jq -c '.[] | .loss | [.name, .g]' <<<"$out" | sort | tr '\n' ' ')" '["ce",null] ["formula",0] ["formula",1] '
assert_exit 3 lossbench config check some.yaml --set loss.h=1
assert_contains "$err" 'loss.h: unknown key of ce'
sed -i '/^sweep:/d' m.yaml
assert_exit 0 lossbench train --config m.yaml --quiet --set output.dir=alone
for how in '--threads 2' '--kernels avx2'; do
	[ "$how" != '--kernels avx2' ] || grep -q avx2 /proc/cpuinfo || continue
	# shellcheck disable=SC2086
	assert_exit 0 lossbench train --config m.yaml --quiet --set output.dir=otherwise --force $how
	assert_same_results alone otherwise
done

# A model keeps its formula.
assert_exit 0 lossbench train --config b.yaml --quiet --set output.dir=b.model --save-model b.npz
assert_exit 0 lossbench predict --model b.npz --data "$LB_ROOT/datasets/samples/wdbc.csv.gz" --what scores --out scores.csv

# What is wrong, and where: the place in the file is that of the character.
# refuse TASK DATA LOSS COLUMN MESSAGE, of a loss whose block begins in column 7 of line 7
refuse() {
	make_config wrong.yaml "$1" "$2" label "$3"
	assert_exit 3 lossbench config check wrong.yaml
	assert_contains "$err$out" "wrong.yaml:7:$4: $5"
}
refuse multiclass iris.csv.gz '{formula: "-log(q)"}' 23 'loss.formula: character 6: unknown name "q", allowed in task multiclass: p,'
refuse multiclass iris.csv.gz '{formula: -log(q)}' 22 'loss.formula: character 6: unknown name "q"'
refuse multiclass iris.csv.gz '{formula: "-lgo(p)"}' 19 'loss.formula: character 2: unknown function "lgo", allowed in task multiclass: exp, log, log1p, expm1, sqrt, abs, softplus, sigmoid, tanh, max, min, where, detach, sum, mean, logsumexp; did you mean "log"?'
refuse multiclass iris.csv.gz '{formula: "log(p, 2)"}' 18 'loss.formula: character 1: log: found 2 arguments, allowed: 1'
refuse multiclass iris.csv.gz '{formula: "(1 - p"}' 24 'loss.formula: character 7: found the end where ")" is wanted'
refuse multiclass iris.csv.gz '{formula: "1 - p)"}' 23 'loss.formula: character 6: found ")", which closes no "("'
refuse binary wdbc.csv.gz '{formula: "z[k] + m"}' 18 'loss.formula: character 1: unknown name "z[k]", allowed in task binary: count, f, y, m, p, epoch'
refuse regression concrete.csv.gz '{formula: "t^2"}' 18 'loss.formula: character 1: the formula does not depend on the scores'
refuse ranking queries.csv.gz '{formula: "-log(p)"}' 7 'loss: a loss by its formula is for the tasks multiclass, binary, regression, multilabel and embedding'
refuse multiclass iris.csv.gz '{formula: "p^a - p", params: {a: {default: 9, min: 0, max: 5}}}' 40 'loss.params.a: found a default that is not between min and max'
refuse multiclass iris.csv.gz '{formula: "p^a - p", params: {a: {default: 1, mx: 5}}}' 53 'loss.params.a.mx: unknown key, allowed: default, min, max, grid, log, help; did you mean "max"?'
refuse multiclass iris.csv.gz '{formula: "-log(p)", params: {a: 1}}' 37 'loss.params.a: the formula does not read it; remove it'
refuse multiclass iris.csv.gz '{formula: "p^a - p", params: {a: {default: 1, min: 0, max: 5}}, a: 9}' 74 'loss.a: found 9, allowed: a number in [0, 5]'
refuse multiclass iris.csv.gz '{formula: "p^a - p", params: {a: {min: 0}}}' 7 'loss.a: is missing and has no default'
refuse multiclass iris.csv.gz '{name: ce, formula: "-log(p)"}' 14 'loss.name: found "ce", allowed: a name that no loss of the program has, beside a formula'
refuse multiclass iris.csv.gz '{name: formula}' 14 'loss.name: unknown loss "formula"'

refuse embedding iris.csv.gz '{formula: "mean_same(s[k])"}' 30 'loss.formula: character 13: found "k", allowed in []: j, a partner of the row'
refuse embedding iris.csv.gz '{formula: "s[j] - 1"}' 18 'loss.formula: character 1: the loss of a row is one number, and this is one for each partner j'
refuse embedding iris.csv.gz '{formula: "mean_others(s[j])"}' 18 'loss.formula: character 1: unknown function "mean_others", allowed in task embedding: exp,'

# Pairs of embeddings: the formula of a loss trains as the loss does, to six digits, with a miner and threads too.
pairs='mean_same(softplus(2 * (0.5 - s[j]))) + mean_other(softplus(10 * (s[j] - 0.5)))'
make_config e.yaml embedding iris.csv.gz label "{formula: \"$pairs\"}" 'model: {kind: linear, dimension: 3}' 'metrics: [map_at_r, recall_at_k]'
for set in "formula loss={formula: \"$pairs\"}" 'deviance loss={name: binomial_deviance, alpha: 2, beta: 10, lam: 0.5}'; do
	assert_exit 0 lossbench train --config e.yaml --quiet --set "${set#* }" --set train.precision=float64 --set "output.dir=e.${set%% *}" --set output.model=true
done
"$py" - e.formula e.deviance <<'PY' || fail 'the formula of pairs trains otherwise than its loss'
import glob, sys, numpy
a, b = (numpy.load(glob.glob(d + "/trials/*.model.npz")[0]) for d in sys.argv[1:])
assert abs(a["W1"] - b["W1"]).max() < 1e-9 and abs(a["W1"]).max() > 0.1, abs(a["W1"] - b["W1"]).max()
PY
assert_exit 0 lossbench train --config e.yaml --quiet --set output.dir=e.mined --set train.miner=multi_similarity
assert_exit 0 lossbench train --config e.yaml --quiet --set output.dir=e.again --set train.miner=multi_similarity --threads 2
assert_same_results e.mined e.again

# A loss that runs off to infinity is a training that diverged, as with any loss.
make_config inf.yaml multiclass iris.csv.gz label '{formula: "exp(exp(z[y] * 1000)) - log(p)"}'
assert_exit 0 lossbench train --config inf.yaml --quiet --set output.dir=inf
assert_eq "$(json "$(find inf -name '*.json' -path '*trials/*')" .result.status)" diverged

# The config in the README's place runs.
(cd "$LB_ROOT" && lossbench sweep --config configs/formula_loss.yaml --quiet --set "output.dir=$OLDPWD/readme" --set train.epochs=1)
assert_eq "$(find readme -name '*.json' -path '*trials/*' | wc -l)" 16
