#!/usr/bin/env bash
# A wrong config: every mistake at once with line and column, code 3, and nothing is written.
# shellcheck disable=SC2016 # $ is the last line of sed
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples

cat >good.yaml <<YAML
task: multiclass
data:
  train: {path: $samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: ce}
train: {epochs: 1}
output: {dir: out}
YAML

# wrong FILE TEXT...: both commands refuse the file, with each of the texts on standard error and nothing else done.
wrong() {
	local file=$1 text command
	shift
	for command in 'config check' 'sweep'; do
		# shellcheck disable=SC2086 # two words
		assert_exit 3 lossbench $command "$file"
		assert_eq "$out" '' 'standard output'
		for text; do assert_contains "$err" "$text"; done
		[ ! -e out ] || fail "$command wrote something"
	done
}
# edited SED TEXT...: good.yaml so changed is wrong.
edited() {
	sed "$1" good.yaml >edited.yaml
	! cmp -s good.yaml edited.yaml || fail "'$1' changes nothing"
	wrong edited.yaml "${@:2}"
}

assert_exit 0 lossbench config check good.yaml

# Five mistakes and one more.
cat >five.yaml <<YAML
name: five
task: multiclass
data:
  train: {path: $samples/iris.csv.gz, label: label}
  splitt: {train: 0.6}
loss: {name: focl}
train: {epochs: many, batch: -3}
YAML
wrong five.yaml 'five.yaml:5:3: data.splitt: unknown key' 'did you mean "split"?' \
	'five.yaml:6:14: loss.name: unknown loss "focl"' 'did you mean "focal"?' \
	'five.yaml:7:17: train.epochs: found "many", allowed: an integer in [1, 1000000]' \
	'five.yaml:7:30: train.batch: found -3, allowed: an integer in [1, 1000000]'
assert_eq "$(wc -l <<<"$err")" 4 'lines, one a mistake'
sed '$a loss: {name: ce}' five.yaml >six.yaml
wrong six.yaml 'six.yaml:5:3: ' 'six.yaml:6:14: ' 'six.yaml:7:17: ' 'six.yaml:7:30: ' \
	'six.yaml:8:1: the key "loss" stands twice, here and on line 6'
assert_eq "$(wc -l <<<"$err")" 5 'lines, one a mistake'

# What YAML has and configs have not.
edited 's/{name: ce}/\&l {name: ce}/; s/^train:.*/train: *l/' 'edited.yaml:5:7: ' 'anchor' 'edited.yaml:6:8: ' 'alias'
edited 's/ce}/!!str ce}/' 'edited.yaml:5:14: ' 'tag'
edited '$a ---\ntask: multiclass' 'edited.yaml:8:1: ' 'second document'
edited 's/0.2}/0.2/' 'edited.yaml:'
edited 's/task: multiclass/\ttask: multiclass/' 'edited.yaml:1:1: '
printf 'task: \377\n' >bytes.yaml
wrong bytes.yaml 'bytes.yaml:1:7: ' 'UTF-8'
: >empty.yaml
wrong empty.yaml 'empty.yaml: '
wrong absent.yaml 'absent.yaml: cannot be read: No such file or directory'

# Types and ranges. A quoted number is a text.
edited 's/epochs: 1/epochs: 1.5/' 'edited.yaml:6:17: train.epochs: found 1.5, allowed: an integer in [1, 1000000]'
edited 's/epochs: 1/epochs: "1"/' 'edited.yaml:6:17: train.epochs: found "1"'
edited 's/epochs: 1/epochs: [1]/' 'edited.yaml:6:17: train.epochs: '
edited 's/epochs: 1/epochs: 1, precision: float16/' 'train.precision: ' 'float32, float64' 'did you mean'
edited 's/name: ce/name: gce, q: 1.5/' 'edited.yaml:5:22: loss.q: found 1.5, allowed: a number in '
edited 's/name: ce/name: gce, p: 0.5/' 'edited.yaml:5:19: loss.p: ' 'allowed: '
edited 's/^train:/model: {kind: mlp, hidden: 64}\n&/' 'edited.yaml:6:28: model.hidden: '
edited 's/0.6/0.7/' 'edited.yaml:4:' 'data.split'
edited '$a metrics: [acuracy]' 'edited.yaml:8:11: metrics' 'did you mean "accuracy"?'
edited '$a metrics: [rmse]' 'edited.yaml:8:11: metrics'
edited '/loss:/d' 'loss: is missing'
edited '$a sweep: {train.epoch: [1, 2]}' 'edited.yaml:8:9: ' 'train.epoch: unknown key' 'did you mean "epochs"?'
edited '$a sweep: {train.epochs: [1, 0]}' 'edited.yaml:8:27: ' 'train.epochs'
edited '$a sweep: {zip: {train.epochs: [1, 2], train.seed: [1, 2, 3]}}' 'edited.yaml:8:'

# What does not go together.
edited 's/name: ce/name: logistic/' 'edited.yaml:5:14: loss.name: logistic is a binary loss; the task is multiclass, allowed: ce, '
edited 's/name: ce/name: mse/' 'edited.yaml:5:14: loss.name: mse is a regression loss; the task is multiclass'
edited 's/multiclass/binary/' 'edited.yaml:5:14: loss.name: ce is a multiclass loss; the task is binary, allowed: logistic, hinge, '
edited 's/valid: 0.2, test: 0.2/test: 0.4/; s/epochs: 1/&, early_stopping: {metric: valid.accuracy}/' \
	'edited.yaml:6:' 'train.early_stopping: ' 'validation rows'
edited 's/epochs: 1/&, early_stopping: {metric: valid.auc}/' 'edited.yaml:6:' 'train.early_stopping.metric'
edited 's/iris/sonar/; s/multiclass/binary/; s/ce}/mw}/; s/epochs: 1/&, class_weight: balanced/' 'edited.yaml:5:' 'loss: mw is not a sum over rows'
edited 's/iris.csv.gz, label: label/concrete.csv.gz, label: target/; s/multiclass/regression/; s/ce}/mse}/
	$a corrupt: {labels: {kind: uniform, rate: 0.3}}' 'edited.yaml:8:' 'corrupt.labels'

# --set is held to the same rules, and names itself.
assert_exit 3 lossbench config check good.yaml --set train.epochs=none --set los.name=ce --set train.batch=0
assert_contains "$err" 'train.epochs=none: '
assert_contains "$err" 'los.name=ce: '
assert_contains "$err" 'train.batch=0: '
assert_exit 3 lossbench train good.yaml --set train.seed=1,2
[ ! -e out ] || fail 'something was written'

# A file that is wrong very often is told of in little time: as many mistakes as fit, and how many more there are.
# often NAME TEXT: NAME.yaml is good.yaml with standard input behind it; the check takes at most 5 s of processor time, more where each access
# to memory is checked.
most=5
if sanitized; then most=50; fi
often() {
	{ sed "/^${3:-nothing}/d" good.yaml; cat; } >"$1.yaml"
	(ulimit -t $most; lossbench config check "$1.yaml" >out.txt 2>err.txt) && fail "$1.yaml is not refused"
	assert_contains "$(cat err.txt)" "$2"
}
{ echo 'sweep:'; seq -f '  loss.a%g: [1]' 55000; } | often sweep_keys 'the sweep has more than 1000 keys'
seq -f 'a%g: 1' 80000 | often top_keys 'more'
grep -qxE 'and 79[0-9]{3} more' err.txt || fail 'the mistakes that are not shown are not counted'
seq -f 'm%g: 1' -s ', ' 80000 | sed 's/^/loss: {name: ce, /; s/$/}/' | often block_keys 'unknown key of ce' loss
seq -f 'm%g' -s ', ' 120000 | sed 's/^/metrics: [/; s/$/]/' | often metrics 'unknown metric "m1"'
seq -f 'm%g: [1, 2]' -s ', ' 40000 | sed 's/^/sweep: {loss: [{name: ce, /; s/$/}]}/' | often block_lists 'unknown key of ce'
{ echo "data: {train: {path: $samples/iris.csv.gz, label: label}, drop: ["; seq -f 'm%g,' 100000; echo ']}'; } |
	sed 's/^m/  m/' | { grep -v '^  split' || true; } >drop.part
{ sed '/^data/,/split/d' good.yaml; cat drop.part; } >drop.yaml
(ulimit -t $most; lossbench config check drop.yaml >out.txt 2>err.txt) && fail 'drop.yaml is not refused'
assert_contains "$(cat err.txt)" "there is no column 'm1'"
