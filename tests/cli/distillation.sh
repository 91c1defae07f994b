#!/usr/bin/env bash
# Students: kd and further terms, a teacher that is a saved model. One step against NumPy; a term of weight 0 and a teacher's scores in a
# file give the same bytes; the configs of configs/distillation run; what does not fit is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
py=${PYTHON:-python3}
needs_python numpy
ln -s "$LB_ROOT/datasets" datasets

# ---- the configs of a teacher and its students ----
json_of_all() { # DIR: the losses of its trials that trained
	"$py" -c 'import glob, json, sys
records = [json.load(open(f)) for f in glob.glob(sys.argv[1] + "/trials/*.json")]
print(*sorted(r["config"]["loss"]["name"] for r in records if r["result"]["status"] == "ok"))' "$1"
}
assert_exit 0 lossbench train --config "$LB_ROOT/configs/distillation/teacher.yaml" --quiet
assert_exit 0 lossbench sweep --config "$LB_ROOT/configs/distillation/student.yaml" --quiet --set train.seed=1 --set train.epochs=3
assert_eq "$(find results/distillation-student/trials -name '*.json' | wc -l)" 4
# Every loss of distillation with the saved model as its teacher, and as a term beside the labels' cross-entropy.
assert_exit 0 lossbench sweep --config "$LB_ROOT/configs/distillation/losses.yaml" --quiet --set train.seed=1 --set train.epochs=1 \
	--set 'data.split={train: 0.2, valid: 0.1, test: 0.7}' --jobs 2
assert_eq "$(json_of_all results/distillation-losses)" "$(lossbench losses --json | "$py" -c 'import json, sys
print(*sorted(l["name"] for l in json.load(sys.stdin) if l["kind"] == "distillation" for _ in range(2)))')"
"$py" - <<'PY'
import glob, hashlib, json
path = "results/distillation-teacher/trials/55d7d63abcb25bbc.model.npz"
sha256 = hashlib.sha256(open(path, "rb").read()).hexdigest()
for f in glob.glob("results/distillation-student/trials/*.json"):
    r = json.load(open(f))
    assert r["result"]["status"] == "ok", r["result"]
    assert r["data"]["teacher"] == {"path": path, "sha256": sha256, "model": "55d7d63abcb25bbc"}, r["data"]["teacher"]
PY

# ---- a teacher of wine, in one file and in three ----
cat >teacher.yaml <<YAML
task: multiclass
data: {train: {path: datasets/samples/wine.csv.gz, label: label}, missing: mean}
model: {kind: mlp, hidden: [12]}
loss: ce
optimizer: {name: adam, lr: 0.01}
train: {epochs: 20, batch: 32}
metrics: [accuracy]
output: {dir: teacher, model: true}
YAML
assert_exit 0 lossbench train --config teacher.yaml --quiet
cp teacher/trials/*.model.npz teacher.npz
lossbench predict --model teacher.npz --data datasets/samples/wine.csv.gz --out scores.npy --quiet
lossbench predict --model teacher.npz --data datasets/samples/wine.csv.gz --out scores-rows.csv --quiet
cut -d, -f3- scores-rows.csv | tail -n +2 >scores.csv

student() { # FILE SIDE: its data section's teacher
	cat >"$1.yaml" <<YAML
name: student
task: distillation
data: {train: {path: datasets/samples/wine.csv.gz, label: label}, $2}
model: {kind: mlp, hidden: [5], dropout: 0.1}
loss: {name: kd, temperature: 3, weight: 0.75}
terms: [{name: ce, weight: 0.25}]
optimizer: {name: adam, lr: 0.01}
train: {epochs: 5, batch: 16}
metrics: [accuracy, log_loss]
output: {dir: $1, predictions: true}
YAML
}
result() { "$py" -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["result"]))' "$1"/trials/*.json; }
student model 'side: {teacher: teacher.npz}'
student array 'side: {teacher: scores.npy}'
student table 'teacher: scores.csv'
for s in model array table; do assert_exit 0 lossbench train --config $s.yaml --quiet; done
for s in array table; do
	assert_eq "$(result $s)" "$(result model)" "result with the teacher as $s"
	cmp $s/trials/*.predictions.csv model/trials/*.predictions.csv
done
assert_eq "$(json model/trials/*.json .data.teacher.model)" "$(basename teacher/trials/*.json .json)"
assert_eq "$(json array/trials/*.json .data.teacher.model)" null

# Parts in files of their own, with columns in another order and some that the teacher does not know.
"$py" - <<'PY'
import csv, gzip
rows = list(csv.reader(gzip.open("datasets/samples/wine.csv.gz", "rt")))
head, rows = rows[0], rows[1:]
parts = {"train": rows[::2], "valid": rows[1::4], "test": rows[3::4]}
order = list(range(len(head)))[::-1]
for part, some in parts.items():
    with open(part + ".csv", "w", newline="") as out:
        csv.writer(out).writerows([[head[k] for k in order] + ["more"]] + [[r[k] for k in order] + [str(i % 3)] for i, r in enumerate(some)])
scores = open("scores.csv").read().split("\n")
open("parts.csv", "w").write("\n".join(scores[0:len(rows)][::2] + scores[0:len(rows)][1::4] + scores[0:len(rows)][3::4]) + "\n")
PY
for s in 'parts-model side: {teacher: teacher.npz}' 'parts-table teacher: parts.csv'; do
	student "${s%% *}" "${s#* }"
	sed -i 's#train: {path: [^}]*}#train: {path: train.csv, label: label}, valid: {path: valid.csv}, test: {path: test.csv}#' "${s%% *}.yaml"
	assert_exit 0 lossbench train --config "${s%% *}.yaml" --quiet
done
assert_eq "$(result parts-table)" "$(result parts-model)" 'result with parts'
# A student may see fewer columns than its teacher.
assert_exit 0 lossbench train --config model.yaml --quiet --set 'data.drop=[alcohol]' --set output.dir=narrow

# ---- every sort of data: the model's scores are those that predict gives ----
awk 'BEGIN { srand(3); print "size,colour,weight,price,class"
	for (i = 0; i < 200; i++) { c = int(3 * rand()); x = rand() - 0.5
		printf "%s,%s,%.4f,%.3f,%s\n", i % 17 != 5 ? x : "", substr("red  greenblue ", 5 * c + 1, 5), 10 * rand(), 3 * x + c, (x + c > 1 ? "yes" : "no") } }' |
	sed 's/ //g' >mixed.csv
awk 'BEGIN { srand(5); for (i = 0; i < 120; i++) { printf "%d", i % 3 + 1
	for (j = 0; j <= 30; j++) if (rand() < 0.2 || j == i % 3 + 1) printf " %d:%.3f", j, rand() + (j == i % 3 + 1); print "" } }' >sparse.svm
awk 'BEGIN { srand(6); print "a,b,k_x,k_y,k_z"
	for (i = 0; i < 90; i++) { c = i % 3; printf "%.3f,%.3f,%d,%d,%d\n", rand() + c, rand() - c, c == 0, c == 1, c == 2 } }' >onehot.csv
agree() { # NAME DATA [FILE [OPTION...]]: FILE: what predict reads of the data
	printf '%s\n' 'task: multiclass' "data: {$2}" 'loss: ce' 'train: {epochs: 2}' "output: {dir: $1, model: true}" >"$1.yaml"
	assert_exit 0 lossbench train --config "$1.yaml" --quiet
	sed "s#^data: {\(.*\)}#data: {\1, side: {teacher: $(echo "$1"/trials/*.npz)}}#; s/multiclass/distillation/; s/loss: ce/loss: kd/; s/dir: $1.*/dir: $1-side}/" \
		"$1.yaml" >"$1-side.yaml"
	assert_exit 0 lossbench train --config "$1-side.yaml" --quiet
	[ $# -gt 2 ] || return 0
	lossbench predict --model "$1"/trials/*.npz --data "$3" "${@:4}" --out "$1.npy" --quiet
	sed "s#side: {teacher: [^}]*}#teacher: $1.npy#; s/$1-side/$1-file/" "$1-side.yaml" >"$1-file.yaml"
	assert_exit 0 lossbench train --config "$1-file.yaml" --quiet
	assert_eq "$(result "$1-file")" "$(result "$1-side")" "$1: the teacher as a file of its scores"
}
images=datasets/samples/fashion_mnist_train2000
agree mixed 'train: {path: mixed.csv, label: class}, missing: mean' mixed.csv
agree sparse 'train: {path: sparse.svm}, index_base: auto, preprocess: {standardize: false, scale: max_abs}' sparse.svm
agree onehot 'train: {path: onehot.csv}' onehot.csv
agree images "train: {path: $images-images-idx3-ubyte.gz, labels: $images-labels-idx1-ubyte.gz}" $images-images-idx3-ubyte.gz --labels $images-labels-idx1-ubyte.gz
agree made 'generator: {name: gaussian_mixture, classes: 3, seed: 4}'

# ---- the id: the model's bytes, not its path ----
id() { lossbench sweep --config "$1" --list | awk '{ print $1 }'; }
before=$(id model.yaml)
cp teacher.npz elsewhere.npz
sed 's/teacher.npz/elsewhere.npz/' model.yaml >moved.yaml
assert_eq "$(id moved.yaml)" "$before" 'id with the teacher moved'
assert_exit 0 lossbench train --config teacher.yaml --quiet --set train.seed=2 --set output.dir=teacher2
cp teacher2/trials/*.model.npz elsewhere.npz
[ "$(id moved.yaml)" != "$before" ] || fail 'another teacher has the same id'
sed 's/, weight: 0.75/, weight: 1/' model.yaml >said.yaml
sed 's/, weight: 0.75//' model.yaml >unsaid.yaml
# A loss's own parameter of that name stays in it.
awk 'BEGIN { print "a,b,k_x,k_y,k_z"; for (i = 0; i < 30; i++) printf "%d,%d,%d,%d,%d\n", i % 7, i % 5, i % 3 == 0, i % 3 == 1, i % 2 }' >own.csv
printf '%s\n' 'task: multilabel' 'data: {train: {path: own.csv}, labels: [k_x, k_y, k_z], split: {stratify: false}}' 'loss: an_bce' >own.yaml
sed 's/an_bce/{name: an_bce, weight: 0.5}/' own.yaml >half.yaml
[ "$(id own.yaml)" = e03a0f1390606485 ] || fail "an_bce: id $(id own.yaml)"
[ "$(id half.yaml)" != "$(id own.yaml)" ] || fail 'the weight of an_bce is not part of its id'
sed 's/an_bce/ml_bce\nterms: [an_bce]/' own.yaml >bad.yaml
assert_exit 3 lossbench train --config bad.yaml
assert_contains "$err" 'terms: an_bce has a parameter weight of its own'
assert_eq "$(id said.yaml)" "$(id unsaid.yaml)" 'id with loss.weight 1'
[ "$(id said.yaml)" != "$before" ] || fail 'loss.weight is not part of the id'

# ---- a term of weight 0 has no part in it ----
sed 's/, weight: 0.75/, weight: 1/; s/weight: 0.25/weight: 0/; s/dir: model/dir: zero/' model.yaml >zero.yaml
sed '/^terms/d; s/, weight: 0.75//; s/dir: model/dir: plain/' model.yaml >plain.yaml
sed 's/, weight: 0.75/, weight: 0/; s/weight: 0.25/weight: 1/; s/dir: model/dir: labels/' model.yaml >labels.yaml
sed '/^terms/d; s/^loss:.*/loss: ce/; s/task: distillation/task: multiclass/; s/, side: {[^}]*}//; s/dir: model/dir: ce/' model.yaml >ce.yaml
for s in zero plain labels ce; do assert_exit 0 lossbench train --config $s.yaml --quiet; done
assert_eq "$(result zero)" "$(result plain)" 'kd with a term of weight 0'
assert_eq "$(result labels)" "$(result ce)" 'ce beside kd of weight 0'
[ "$(result plain)" != "$(result model)" ] || fail 'the second term changes nothing'

# ---- one step against NumPy: w = w0 - lr dL(w0), L = 0.75 kd + 0.25 ce over all training rows ----
sed -e '/^model:/d' -e 's/optimizer:.*/optimizer: {name: sgd, lr: 1.0e-300}/' -e 's/epochs: 5, batch: 16/epochs: 1, batch: 100000, precision: float64/' \
	-e 's/dir: model/dir: start/' -e 's/predictions: true/model: true/' model.yaml >start.yaml
sed 's/lr: 1.0e-300/lr: 0.5/; s/dir: start/dir: step/' start.yaml >step.yaml
# Its rows: the first 100.
sed -i 's/, side:/, split: {first: 100}, side:/' start.yaml step.yaml
assert_exit 0 lossbench train --config start.yaml --quiet
assert_exit 0 lossbench train --config step.yaml --quiet
"$py" - <<'PY'
import csv, glob, gzip, json
import numpy as np

before, after = (np.load(glob.glob(d + "/trials/*.npz")[0]) for d in ("start", "step"))
rows = list(csv.reader(gzip.open("datasets/samples/wine.csv.gz", "rt")))
label = rows[0].index("label")
x = np.array([[float(v) for k, v in enumerate(r) if k != label] for r in rows[1:]])[:100] * before["scale"] + before["shift"]
classes = list(before["classes"])
y = np.array([classes.index(r[label]) for r in rows[1:]])[:100]
t = np.load("scores.npy").astype(float)[:100]
T, lr, hot = 3.0, 0.5, np.eye(len(classes))[y]

def log_softmax(v):
    v = v - v.max(axis=1, keepdims=True)
    return v - np.log(np.exp(v).sum(axis=1, keepdims=True))

z = x @ before["W1"].T + before["b1"]
lp, lq, lz = log_softmax(t / T), log_softmax(z / T), log_softmax(z)
value = 0.75 * T * T * (np.exp(lp) * (lp - lq)).sum(axis=1).mean() - 0.25 * (hot * lz).sum(axis=1).mean()
dz = (0.75 * T * (np.exp(lq) - np.exp(lp)) + 0.25 * (np.exp(lz) - hot)) / len(x)
curve = json.load(open(glob.glob("step/trials/*.json")[0]))["result"]["curves"]["train.loss"]
assert abs(curve[0] - value) < 1e-12 * value, (curve, value)
for got, want in ((after["W1"], before["W1"] - lr * dz.T @ x), (after["b1"], before["b1"] - lr * dz.sum(axis=0))):
    assert np.abs(got - want).max() < 1e-12, np.abs(got - want).max()
assert np.abs(after["W1"] - before["W1"]).max() > 1e-3
PY

# ---- the same bytes in company, on threads, and after kill -9, with a term that remembers rows ----
cat >sweep.yaml <<YAML
$(sed '/^name/d; /^terms/d; /^output/d; s/epochs: 5, batch: 16/epochs: 12000, batch: 16, curves: [], checkpoint: 50/' model.yaml)
output: {dir: whole}
sweep:
  terms: [[{name: ce, weight: 0.25}], [{name: elr, weight: 0.5}, {name: focal, weight: 0.1}], []]
YAML
short=(--set train.epochs=5 --quiet)
assert_exit 0 lossbench sweep --config sweep.yaml "${short[@]}" --set output.dir=one --jobs 1
for i in 1 2 3; do assert_exit 0 lossbench sweep --config sweep.yaml "${short[@]}" --set output.dir=apart --shard $i/3 --threads 2; done
assert_same_results one apart
killed_and_resumed 3 --config sweep.yaml --quiet
most=0
for f in killed/trials/*.json; do
	n=$(json "$f" .run.resumed_epochs)
	[ "$n" -le "$most" ] || most=$n
done
assert_between "$most" 50 11990 'epochs from a checkpoint'

# ---- a model trained by two losses that own prototypes, as a teacher and in predict ----
cat >embedding.yaml <<YAML
task: embedding
data: {train: {path: datasets/samples/wine.csv.gz, label: label}}
model: {kind: mlp, hidden: [8], dimension: 4}
loss: {name: normalized_softmax, temperature: 0.2}
terms: [{name: normalized_softmax, temperature: 1, weight: 0.5}]
train: {epochs: 3}
output: {dir: embedding, model: true, predictions: true}
YAML
assert_exit 0 lossbench train --config embedding.yaml --quiet
lossbench predict --model embedding/trials/*.model.npz --data datasets/samples/wine.csv.gz --out said.csv --quiet
assert_eq "$(sort said.csv | comm -13 - <(sort embedding/trials/*.predictions.csv))" '' 'lines of the run that predict does not give'
sed "s#teacher.npz#$(echo embedding/trials/*.model.npz)#; s/dir: model/dir: of-embedding/" model.yaml >of-embedding.yaml
assert_exit 0 lossbench train --config of-embedding.yaml --quiet

# ---- what is refused ----
bad() { # CODE FILE SED TEXT
	sed "$3" "$2" >bad.yaml
	assert_exit "$1" lossbench train --config bad.yaml
	assert_contains "$err" "$4"
}
head -c 3000 teacher.npz >cut.npz
bad 4 model.yaml 's/teacher.npz/cut.npz/' 'cut.npz: '
bad 4 model.yaml 's/teacher.npz/none.npz/' 'bad.yaml:3:83: data.side.teacher: none.npz: '
bad 4 model.yaml 's/side: {teacher: teacher.npz}/teacher: teacher.npz/' 'teacher.npz: is a saved model, allowed in data.teacher: a file of scores; name the model by data.side.teacher'
bad 3 model.yaml 's/side: {/teacher: scores.csv, &/' 'data.side.teacher: cannot be combined with data.teacher; keep one'
bad 3 model.yaml 's/side: {/missing: drop, &/' 'data.side.teacher: cannot be combined with data.missing: drop'
bad 3 model.yaml 's/task: distillation/task: multiclass/; s/kd, temperature: 3/ce/; /^terms/d' 'data.side.teacher: goes with task: distillation, ranking or regression alone'
bad 3 model.yaml 's/teacher: teacher/techer: teacher/' 'data.side.techer: unknown key, allowed: teacher, second_teacher, teacher_features, guide, soft_labels; did you mean'
bad 4 model.yaml 's/samples.wine/samples\/iris/' "teacher.npz: the model has no class 'setosa', which the data have"
bad 4 model.yaml 's/samples.wine/samples\/vowel/' 'teacher.npz: the model has 3 classes, the data have 11; take a model of the same classes'
sed 's/^task: .*/task: regression/; s/^loss:.*/loss: mse/; s/label: label/label: alcohol/; s/\[accuracy\]/[rmse]/; s/dir: teacher/dir: regression/' teacher.yaml >regression.yaml
assert_exit 0 lossbench train --config regression.yaml --quiet
bad 4 model.yaml "s#teacher.npz#$(echo regression/trials/*.model.npz)#" "the model's task is regression, allowed: multiclass, embedding or distillation"
"$py" - <<'PY'
import csv
rows = list(csv.reader(open("train.csv")))
k = rows[0].index("label")
names = sorted({r[k] for r in rows[1:]})
csv.writer(open("renamed.csv", "w", newline="")).writerows(rows[:1] + [r[:k] + [r[k] if r[k] != names[0] else "other"] + r[k + 1:] for r in rows[1:]])
k = rows[0].index("alcohol")
csv.writer(open("fewer.csv", "w", newline="")).writerows(r[:k] + r[k + 1:] for r in rows)
PY
bad 4 model.yaml 's#datasets/samples/wine.csv.gz#fewer.csv#' "fewer.csv: column 'alcohol' is missing; the model was trained with it"
bad 4 model.yaml 's#datasets/samples/wine.csv.gz#renamed.csv#' "teacher.npz: the model has no class 'other', which the data have"

bad 3 model.yaml 's/{name: ce, weight: 0.25}/hinge/' 'hinge is a binary loss; the task is distillation'
bad 3 model.yaml 's/name: ce, weight: 0.25/name: ce, wieght: 0.25/' 'terms.wieght: unknown key of ce, allowed: name, temperature, weight, rows, head; did you mean "weight"?'
bad 3 model.yaml 's/weight: 0.25/weight: -1/' 'terms.weight: found -1'
bad 3 model.yaml 's/weight: 0.25/weight: 0/; s/weight: 0.75/weight: 0/' 'loss.weight: found 0, and for every term too, so that nothing is minimised'
bad 3 model.yaml '/^terms/d; s/weight: 0.75/weight: 0/' 'loss.weight: found 0, so that nothing is minimised'
bad 3 model.yaml "s/^terms:.*/terms: [$(for w in 1 2 3 4 5 6 7 8; do printf '{name: ce, weight: %s},' $w; done)]/" 'terms: found 8, allowed: at most 7 beside loss'
bad 3 embedding.yaml 's/temperature: 0.2/&, weight: 0/' 'loss.weight: found 0, but scores are made by the prototypes of normalized_softmax'
bad 3 ce.yaml 's/^loss.*/&\nterms: [focal]/; s/^model.*/model: naive_bayes/' 'terms: found focal with model naive_bayes, which minimises no loss'
bad 3 model.yaml 's/name: ce, /name: elr, /; s/^optimizer.*/optimizer: lbfgs/; s/, dropout: 0.1//' 'terms: found elr with optimizer lbfgs, allowed: losses without memory'
bad 3 model.yaml 's/name: ce, /name: elr, /; s/^train:/procedures: [mixup]\n&/' 'procedures: found mixup with loss elr'
# Losses of a regression that want several outputs a target go with their like.
sed 's/^loss.*/&\nterms: [{name: huber, weight: 0.5}]/; s/dir: regression/dir: two/' regression.yaml >two.yaml
assert_exit 0 lossbench train --config two.yaml --quiet
bad 3 two.yaml 's/name: huber/name: gaussian_nll/' 'terms: found gaussian_nll with loss mse, which has other outputs for a target'
bad 3 two.yaml 's/loss: mse/loss: gaussian_nll/' 'terms: found huber with loss gaussian_nll, which has other outputs for a target'
sed 's/loss: mse/loss: {name: multi_quantile, levels: [0.1, 0.9]}/; s/name: huber/name: multi_quantile, levels: [0.1, 0.9]/; s/dir: two/dir: four/' two.yaml >four.yaml
assert_exit 0 lossbench train --config four.yaml --quiet
bad 3 four.yaml 's/0.9\], weight/0.8], weight/' 'terms: found multi_quantile with loss multi_quantile, which has other outputs for a target'
sed 's/^loss.*/&\nterms: [gjs]/' ce.yaml >views.yaml
bad 3 views.yaml 's/x/x/' 'train.views: is missing, and gjs compares several views of a row'
sed 's/^train: {/&views: {kind: gaussian_noise, sd: 0.1, count: 2}, /; s/dir: ce/dir: views/' views.yaml >viewed.yaml
assert_exit 0 lossbench train --config viewed.yaml --quiet

# ---- tuning: contenders that differ in their terms alone are tuned apart ----
cat >tune.yaml <<YAML
task: multiclass
data: {train: {path: datasets/samples/iris.csv.gz}}
loss: ce
train: {epochs: 2}
metrics: [accuracy, log_loss]
sweep: {terms: [[], [{name: mae, weight: 2}], [{name: mae, weight: 0.5}]]}
tune: {trials: 2, metric: valid.log_loss, folds: 2}
output: {dir: tuned}
YAML
assert_exit 0 lossbench sweep --config tune.yaml --quiet
"$py" -c 'import json
arms = json.load(open("tuned/tuning.json"))["studies"][0]["arms"]
assert [[t["weight"] for t in a.get("terms", [])] for a in arms] == [[], [2], [0.5]], arms
assert all(len(a["choices"]) == 1 for a in arms), arms'
