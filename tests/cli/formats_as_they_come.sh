#!/usr/bin/env bash
# Files as others write them: what a header declares is kept, what a format allows is read, and what cannot be used is refused by name.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

config() { # TASK LOSS DATA [MORE]
	cat >c.yaml <<YAML
task: $1
data: {train: {$3}, preprocess: {standardize: false, scale: max_abs}${4:+, $4}}
loss: {name: $2}
train: {epochs: 2}
output: {dir: out}
YAML
}
trained() { # what a training says of its data: features, classes, warnings
	rm -rf out
	assert_exit 0 lossbench train c.yaml --quiet --json
	"${PYTHON:-python3}" -c '
import json, sys
d = json.load(sys.stdin)["data"]
print(d["features"], *d.get("classes") or [], *d["warnings"], sep="|")' <<<"$out"
}
metrics() {
	rm -rf out
	assert_exit 0 lossbench train c.yaml --quiet --json
	"${PYTHON:-python3}" -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["result"]["metrics"]))' <<<"$out"
}
refused() { # TEXT...
	rm -rf out
	assert_exit 4 lossbench train c.yaml --quiet
	for text; do assert_contains "$err" "$text"; done
	[ ! -e out ] || fail 'something was written'
}

python() { "${PYTHON:-python3}" -; }

# ---- ARFF: nominal attributes whose values are numbers are categories, for every command.
python <<'PY'
with open("nominal.arff", "w") as f:
    f.write("@relation r\n@attribute x numeric\n@attribute g {1.005,1.010,1.015}\n@attribute f {0,1}\n@attribute cls {n,y}\n@data\n")
    for i in range(60):
        f.write("%d.5,%s,%s,%s\n" % (i, "1.005 1.010 1.015".split()[i % 3], "?" if i == 7 else i // 3 % 2, "ny"[i % 2]))
PY
assert_exit 0 lossbench data info nominal.arff --json
assert_eq "$(jq -r '[.columns[].type] | join(" ")' <<<"$out")" 'number text text text' types
assert_exit 0 lossbench init nominal.arff --out init.yaml
assert_exit 0 lossbench sweep --config init.yaml --quiet --set train.epochs=1 --set train.seed=1 --set output.dir=swept
config binary logistic 'path: nominal.arff, label: cls' 'missing: mean'
assert_eq "$(trained)" '6|n|y' 'three and two categories beside a number'
assert_exit 0 lossbench train c.yaml --quiet --save-model model.npz
assert_exit 0 lossbench predict --model model.npz --data nominal.arff --out predictions.csv
assert_eq "$(wc -l <predictions.csv)" 61 'predictions and a header'
assert_exit 0 lossbench data convert nominal.arff nominal.csv
assert_eq "$(sed -n 3p nominal.csv)" '1.5,1.010,0,y' 'spelled as in the file'
config binary logistic 'path: nominal.arff, label: cls' 'categorical: [g], missing: mean'
assert_eq "$(trained)" '6|n|y' 'what is declared is a category, listed or not'

# A model of numbers takes the same values from a nominal attribute; as a target they are numbers again, as labels 1 and 0.
sed 's/{0,1}/numeric/' nominal.arff >numbers.arff
config binary logistic 'path: numbers.arff, label: cls' 'missing: mean, drop: [g]'
assert_exit 0 lossbench train c.yaml --quiet --save-model model.npz
assert_exit 0 lossbench predict --model model.npz --data numbers.arff --out one.csv
assert_exit 0 lossbench predict --model model.npz --data nominal.arff --out two.csv
cmp one.csv two.csv
config regression mse 'path: nominal.arff, label: g' 'missing: mean, drop: [f]'
assert_exit 0 lossbench train c.yaml --quiet
printf '@relation m\n@attribute x real\n@attribute a {0,1}\n@attribute b {0,1}\n@data\n1,0,1\n2,1,1\n3,1,0\n4,0,1\n5,1,1\n6,1,0\n7,0,0\n8,1,1\n' >labels.arff
config multilabel ml_bce 'path: labels.arff' 'labels: [a, b]'
assert_exit 0 lossbench train c.yaml --quiet

# Dates, types that are not known, relations, commas behind the last value: read, with a warning that the record has too.
python <<'PY'
head = "@relation r\n@attribute time date 'yyyy-MM-dd HH:mm'\n@attribute bag relational\n@attribute p real\n@end bag\n@attribute gain smile\n@attribute cls {u,d}\n@data\n"
with open("types.arff", "w") as f:
    f.write(head + "".join("'2020-01-02 10:%02d','%d\\n%d',%g,%s,\n" % (i * 7 % 60, i, i + 1, i % 7 / 4, "ud"[i % 2]) for i in range(40)))
PY
config binary logistic 'path: types.arff, label: cls'
assert_eq "$(trained)" "2|d|u|types.arff: the date 'time' is read as seconds since 1970-01-01 UTC; if it is no feature, name it in data.drop|types.arff: the \
attribute 'bag' is relational and is left out|types.arff: the attribute 'gain' has the type 'smile', which ARFF does not know; its values are read as numbers|\
types.arff: 40 rows end with a comma behind the last value, which is taken for nothing (the first in line 9)" warnings
config binary logistic 'path: types.arff, label: cls' 'drop: [time, bag]'
assert_eq "$(trained | cut -d'|' -f1)" 1 'one feature'
assert_exit 0 lossbench data info types.arff --set 'data.drop=[time]'

# KEEL's files: @outputs names the label, wherever it stands.
python <<'PY'
rows = [(i % 5 / 8, i * 3 % 29, "MFI"[i % 3], "positive negative".split()[i % 3 == 1]) for i in range(40)]
head = "@relation shells\n%s@inputs Length, Rings, Sex\n@outputs Class\n@data\n"
a = ["@attribute Length real [0.0, 0.815]\n", "@attribute Rings integer[1,29]\n", "@attribute Sex {M, F, I}\n", "@attribute Class{positive, negative}\n"]
with open("last.dat", "w") as f:
    f.write(head % "".join(a) + "".join("%g, %d, %s, %s\n" % r for r in rows))
with open("first.dat", "w") as f:
    f.write(head % (a[3] + "".join(a[:3])) + "".join("%s, %g, %d, %s\n" % (r[3], *r[:3]) for r in rows))
PY
config binary logistic 'path: last.dat'
want=$(metrics)
assert_eq "$(trained)" '5|negative|positive' 'KEEL'
config binary logistic 'path: first.dat'
assert_eq "$(metrics)" "$want" 'the label in the first place'
assert_contains "$(trained)" "first.dat: the label is 'Class', by @outputs"

# ---- LIBSVM: rows of zeros first, the header of the Extreme Classification Repository.
printf '0\n\n1 1:0.5 3:2\n0 2:1\n1 1:1 2:1\n0 3:4\n1 1:3\n0 2:2\n' >zeros.txt
config binary logistic 'path: zeros.txt' 'split: {train: 1, valid: 0, test: 0}'
assert_eq "$(trained)" '3|0|1' 'a row of zeros first'
printf '1 1:nan 3:2\n0 2:1\n' >nan.txt
config binary logistic 'path: nan.txt'
refused "nan.txt:1:3: found '1:nan', expected a finite number behind the colon"
{
	echo '12 6 3'
	for _ in 1 2 3; do printf '0,2 1:0.5 3:2\n 2:1\n1 0:1 2:1\n1,2 5:4\n'; done
} >xmlc.txt
config multilabel ml_bce 'path: xmlc.txt'
assert_eq "$(trained | cut -d'|' -f1-4)" '6|0|1|2' 'three labels'
assert_exit 0 lossbench data info xmlc.txt
assert_contains "$out" 'labels   3: 0 3, 1 6, 2 6'
printf 'hello world\nof text\n' >words.svm
for command in 'data info' init; do
	# shellcheck disable=SC2086 # two words
	assert_exit 4 lossbench $command words.svm
	assert_contains "$err" "words.svm:1:1: found 'hello', expected the label"
done
assert_exit 4 lossbench data convert words.svm words.csv
[ ! -e words.csv ] || fail 'something was written'

# ---- Labels of several columns: one-hot ones are classes, in archives and in files of their own; others are refused.
python <<'PY'
import struct, zipfile

rows = [([i * 7 % 11, i % 5, (i * i) % 13], i * 7 % 3) for i in range(120)]


def npy(values, descr, shape, code):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<%d%s" % (len(values), code), *values)


def hot(y, k=3):
    return [int(c == y) for c in range(k)]


x = npy([v for r, _ in rows for v in r], "<i4", (120, 3), "i")
one = [v for _, y in rows for v in hot(y)]
labels = {
    "index": npy([y for _, y in rows], "<i8", (120,), "q"),
    "column": npy([y for _, y in rows], "<i8", (120, 1), "q"),
    "float": npy([y for _, y in rows], "<f4", (120,), "f"),
    "onehot": npy(one, "<f8", (120, 3), "d"),
    "bytes": npy(one, "|b1", (120, 3), "?"),
    "cube": npy(one, "|u1", (120, 1, 3), "B"),
    "two": npy([1] + one[1:], "<f4", (120, 3), "f") if not one[0] else npy([1, 1] + one[2:], "<f4", (120, 3), "f"),
    "many": npy([v for _, y in rows for v in hot(y)[:2] + [1]], "|u1", (120, 3), "B"),
    "binary": npy([int(y > 0) for _, y in rows], "|b1", (120,), "?"),
    "binary2": npy([v for _, y in rows for v in hot(y > 0, 2)], "|u1", (120, 2), "B"),
    "targets": npy([v for r, y in rows for v in (r[0] / 4, y)], "<f4", (120, 2), "f"),
}
for name, y in labels.items():
    with open("y-%s.npy" % name, "wb") as f:
        f.write(y)
    with zipfile.ZipFile("%s.npz" % name, "w") as z:
        z.writestr("X.npy", x)
        z.writestr("y.npy", y)
with open("x.npy", "wb") as f:
    f.write(x)
with open("onehot-labels-idx2-ubyte", "wb") as f:
    f.write(struct.pack(">HBBII", 0, 8, 2, 120, 3) + bytes(one))
with open("onehot.csv", "w") as f:
    f.write("".join("%d,%d,%d\n" % tuple(hot(y)) for _, y in rows))
with zipfile.ZipFile("medmnist.npz", "w") as z:
    for part, n in ("test", 20), ("train", 120), ("val", 30):
        z.writestr(part + "_images.npy", npy([v for r, _ in rows[:n] for v in r[:2] * 2], "|u1", (n, 2, 2), "B"))
        z.writestr(part + "_labels.npy", npy([y for _, y in rows[:n]], "|u1", (n, 1), "B"))
PY
config multiclass ce 'path: index.npz'
want=$(metrics)
warned='y has 3 columns with exactly one 1 in each row: read as one-hot labels, the class is the column of the 1, from 0'
for name in column float onehot bytes cube; do
	config multiclass ce "path: $name.npz"
	assert_eq "$(metrics)" "$want" "metrics of $name.npz"
	config multiclass ce "path: x.npy, labels: y-$name.npy"
	assert_eq "$(metrics)" "$want" "metrics with y-$name.npy"
done
for labels in onehot-labels-idx2-ubyte onehot.csv; do
	config multiclass ce "path: x.npy, labels: $labels"
	assert_eq "$(metrics)" "$want" "metrics with $labels"
	assert_eq "$(trained)" "3|0|1|2|$labels: $warned" "data with $labels"
done
config multiclass ce 'path: onehot.npz' 'test: {path: onehot.npz}'
assert_exit 0 lossbench train c.yaml --quiet --save-model model.npz
assert_exit 0 lossbench predict --model model.npz --data onehot.npz --out one.csv
assert_exit 0 lossbench predict --model model.npz --data index.npz --out two.csv
cmp one.csv two.csv
assert_contains "$(head -n 1 one.csv)" label
assert_exit 0 lossbench predict --model model.npz --data x.npy --labels y-onehot.npy --out three.csv
cmp one.csv three.csv
assert_exit 4 lossbench predict --model model.npz --data x.npy --labels y-many.npy --out four.csv
assert_contains "$err" 'the labels beside it have 3 columns, the model has 1'
assert_exit 0 lossbench init onehot.npz --out hot.yaml
assert_exit 0 lossbench config check hot.yaml
for name in two many; do
	config multiclass ce "path: $name.npz"
	refused "$name.npz: y has 3 columns: one-hot labels? save y.argmax(1), or task: multilabel"
	config multiclass ce "path: x.npy, labels: y-$name.npy"
	refused "y-$name.npy: y has 3 columns: one-hot labels? save y.argmax(1), or task: multilabel"
done
config multilabel ml_bce 'path: many.npz'
assert_eq "$(trained | cut -d'|' -f1-4)" '3|target 1|target 2|target 3' 'labels of a row'
config binary logistic 'path: binary.npz'
want=$(metrics)
config binary logistic 'path: binary2.npz'
assert_eq "$(metrics)" "$want" 'metrics of two one-hot columns'
config regression mse 'path: targets.npz'
want=$(metrics)
config regression mse 'path: x.npy, labels: y-targets.npy'
assert_eq "$(metrics)" "$want" 'both targets, not the last'
assert_exit 0 lossbench data convert targets.npz again.npz
config regression mse 'path: again.npz'
assert_eq "$(metrics)" "$want" 'both targets are written'
assert_exit 4 lossbench data convert targets.npz again.svm
assert_contains "$err" 'again.svm: the rows have 2 labels each'
config multiclass ce 'path: medmnist.npz'
assert_eq "$(trained)" '4|0|1|2' 'images become rows'
config multiclass ce 'path: medmnist.npz' 'valid: {path: medmnist.npz, x: val_images, y: val_labels}, test: {path: medmnist.npz, x: test_images, y: test_labels}'
want=$(metrics)
config multiclass ce 'path: medmnist.npz' 'valid: {path: medmnist.npz}, test: {path: medmnist.npz}'
assert_eq "$(metrics)" "$want" 'each part by its own names'
config multiclass ce 'path: index.npz' 'test: {path: medmnist.npz, x: val_images}'
refused 'medmnist.npz'
config multiclass ce 'path: medmnist.npz, x: val_images, y: val_labels' 'test: {path: medmnist.npz, x: test_images, y: test_labels}'
assert_eq "$(trained | cut -d'|' -f1-4)" '4|0|1|2' 'parts by name'

# ---- NPZ: labels as text are classes by name, pickles are refused, sparse archives are sparse rows.
python <<'PY'
import struct, zipfile


def npy(data, descr, shape):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + data


def archive(name, **members):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        for key, data in members.items():
            z.writestr(key + ".npy", data)


n = 60
x = npy(struct.pack("<120f", *[(i * 7 % 11) / 4 for i in range(120)]), "<f4", (n, 2))
names = ["no" if i % 3 else "yes" for i in range(n)]
archive("words.npz", X=x, y=npy("".join(w.ljust(3, "\0") for w in names).encode("utf-32-le"), "<U3", (n,)))
archive("bytes.npz", X=x, y=npy("".join(w.ljust(3, "\0") for w in names).encode(), "|S3", (n, 1)))
archive("objects.npz", X=x, y=npy(b"\x80\x04]\x94.", "|O", (n,)))
with open("words.npy", "wb") as f:
    f.write(npy("".join(w.ljust(3, "\0") for w in names).encode("utf-32-be"), ">U3", (n,)))
with open("x.csv", "w") as f:
    f.write("a,b,label\n" + "".join("%.9g,%.9g,%s\n" % ((2 * i * 7 % 11) / 4, ((2 * i + 1) * 7 % 11) / 4, names[i]) for i in range(n)))
# The same as sparse rows.
rows = [[(2 * i * 7 % 11) / 4, ((2 * i + 1) * 7 % 11) / 4] for i in range(n)]
cells = [(i, j, v) for i, r in enumerate(rows) for j, v in enumerate(r) if v]
ints = lambda v: npy(struct.pack("<%di" % len(v), *v), "<i4", (len(v),))
shape = npy(struct.pack("<2q", n, 2), "<i8", (2,))
data = npy(struct.pack("<%dd" % len(cells), *[v for _, _, v in cells]), "<f8", (len(cells),))
starts = [sum(c[0] < i for c in cells) for i in range(n + 1)]
word = lambda w: npy(w, "|S%d" % len(w), ())
archive("csr.npz", indices=ints([j for _, j, _ in cells]), indptr=ints(starts), format=word(b"csr"), shape=shape, data=data)
archive("coo.npz", row=ints([i for i, _, _ in cells]), col=ints([j for _, j, _ in cells]), format=word(b"coo"), shape=shape, data=data)
archive("dia.npz", offsets=ints([0]), format=word(b"dia"), shape=shape, data=data)
archive("range.npz", indices=ints([j + 5 * (i == 7) for i, j, _ in cells]), indptr=ints(starts), format=word(b"csr"), shape=shape, data=data)
archive("huge.npz", row=ints([0]), col=ints([0]), format=word(b"coo"), shape=npy(struct.pack("<2q", 1 << 50, 1 << 50), "<i8", (2,)), data=ints([1]))
archive("claims.npz", X=npy(b"1234", "<f4", (10**18, 1)))
archive("bomb.npz", X=npy(bytes(50_000_000), "<f4", (3125000, 4)))
PY
config binary logistic 'path: x.csv'
want=$(metrics)
for data in 'path: words.npz' 'path: bytes.npz' 'path: words.npz, labels: words.npy' 'path: words.npz, labels: bytes.npz' \
	'path: csr.npz, labels: words.npy' 'path: coo.npz, labels: words.npz'; do
	config binary logistic "$data"
	assert_eq "$(metrics)" "$want" "metrics with $data"
done
assert_eq "$(trained)" '2|no|yes' 'classes by name'
assert_exit 0 lossbench train c.yaml --quiet --save-model model.npz
assert_exit 0 lossbench predict --model model.npz --data csr.npz --out one.csv
assert_exit 0 lossbench data info csr.npz --labels words.npy --json
assert_eq "$(jq -c '[.sparse, .stored, .classes]' <<<"$out")" "[true,$(jq .stored <<<"$out"),[\"no\",\"yes\"]]" 'sparse'
config binary logistic 'path: objects.npz'
refused "objects.npz: array 'y.npy': holds pickled objects (dtype '|O')" 'save y.astype(str)'
config binary logistic 'path: dia.npz, labels: words.npy'
refused "dia.npz: is a sparse matrix of the format 'dia', allowed: csr, csc, coo" 'x.tocsr()'
config binary logistic 'path: range.npz, labels: words.npy'
refused 'range.npz: the sparse matrix is damaged: indices['
config binary logistic 'path: huge.npz, labels: words.npy'
refused 'huge.npz: the sparse matrix is damaged: shape[0] is 1.1259e+15'
config binary logistic 'path: claims.npz, labels: words.npy'
refused 'claims.npz' 'promises 1000000000000000000 rows'
config binary logistic 'path: bomb.npz, labels: words.npy' 'max_bytes: 1.0e6'
refused 'bomb.npz' 'data.max_bytes'
config binary logistic 'path: words.npy, labels: words.npy'
refused "words.npy: holds text (dtype '>U3'), expected numbers"

# ---- Compressed by what this build and this machine have.
for pack in gzip bzip2 xz zstd; do
	command -v "$pack" >/dev/null || continue
	for half in 1 2; do head -n 61 x.csv | awk -v h=$half '(NR <= 30) == (h == 1)' | $pack -c; done >packed.csv
	if ! lossbench data info packed.csv >info.out 2>info.err; then
		grep -q "compressed with $pack, and this lossbench was built without" info.err || fail "$(cat info.err)"
		continue
	fi
	config binary logistic 'path: packed.csv'
	assert_eq "$(metrics)" "$want" "metrics of two members of $pack"
	assert_eq "$(sed -n 's/^sha256 *//p' info.out)" "$(sha256sum <x.csv | cut -d' ' -f1)" 'checksum of the content'
	config binary logistic 'path: packed.csv' 'max_bytes: 100'
	refused 'packed.csv: holds more than 100 bytes uncompressed'
	head -c -3 packed.csv >cut.csv
	config binary logistic 'path: cut.csv'
	refused "cut.csv: the $pack data are damaged" 'ends in the middle'
	echo tail >>packed.csv
	config binary logistic 'path: packed.csv'
	refused "packed.csv: the $pack data are damaged" 'something else after the end'
done

# Classes that are numbers come in the order of numbers, be they numbers or declared as texts.
{
	printf '@relation r\n@attribute x real\n@attribute c {1,2,10,3}\n@data\n'
	for i in $(seq 40); do echo "$((i * 7 % 11)).5,$(cut -d' ' -f$((i % 3 + 1)) <<<'10 2 1')"; done
} >ten.arff
config multiclass ce 'path: ten.arff'
assert_eq "$(trained)" '1|1|2|10' 'order of classes'
