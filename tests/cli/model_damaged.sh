#!/usr/bin/env bash
# A model file that was changed: whatever array is missing, cut, of another sort or not finite, predict ends with 4 and one message that
# names the file, and writes nothing.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cat >c.yaml <<YAML
task: multiclass
data: {train: {path: mixed.csv, label: class}}
loss: ce
model: {kind: mlp, hidden: [3]}
train: {epochs: 1}
output: {dir: out}
YAML
awk 'BEGIN { print "x,colour,class"; for (i = 0; i < 40; i++) print i % 7 "," (i % 3 ? "red" : "blue") "," (i % 2 ? "yes" : "no") }' >mixed.csv
assert_exit 0 lossbench train --config c.yaml --save-model m.npz --quiet

"${PYTHON:-python3}" - <<'PY'
import os, re, struct, zipfile

os.mkdir("bad")
source = zipfile.ZipFile("m.npz")
members = {i.filename: source.read(i) for i in source.infolist()}


def write(name, parts):
    with zipfile.ZipFile("bad/" + name + ".npz", "w") as z:
        for key, data in parts.items():
            z.writestr(key, data)


def npy(header, data):
    text = header.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


write("same", members)
for key, data in members.items():
    if key in ("id.npy", "train_rows.npy"):  # for people: predict does not read them
        continue
    name = key.replace(".npy", "")
    size = struct.unpack("<H", data[8:10])[0]
    head, body = data[10 : 10 + size].decode(), data[10 + size :]
    if name != "columns":  # a model of images has none
        write("lacks-" + name, {k: v for k, v in members.items() if k != key})
    write("cut-" + name, {**members, key: data[:-1]})
    write("header-" + name, {**members, key: data[:40]})
    write("text-" + name, {**members, key: npy("{'descr': '<U3', 'fortran_order': False, 'shape': (1, 1), }", b"a\0\0\0" * 3)})
    write("complex-" + name, {**members, key: npy("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", b"\0" * 16)})
    if re.search("'<f8'", head) and body:
        write("nan-" + name, {**members, key: data[: 10 + size] + struct.pack("<d", float("nan")) + body[8:]})
    if re.search("'<f4'", head) and body:
        write("inf-" + name, {**members, key: data[: 10 + size] + struct.pack("<f", float("inf")) + body[4:]})
with open("m.npz", "rb") as f:
    whole = f.read()
for part in (1, 10, len(whole) // 2, len(whole) - 1):
    with open("bad/first-%d.npz" % part, "wb") as f:
        f.write(whole[:part])
PY
assert_exit 0 lossbench predict --model bad/same.npz --data mixed.csv --out same.csv
n=0
for model in bad/*.npz; do
	[ "$model" != bad/same.npz ] || continue
	assert_exit 4 lossbench predict --model "$model" --data mixed.csv --out none.csv
	assert_eq "$(grep -c . <<<"$err")" 1 "lines for $model: $err"
	assert_contains "$err" "$model"
	[ ! -e none.csv ] || fail "$model: predictions were written"
	n=$((n + 1))
done
assert_between $n 40 200 'damaged models'
echo "$n damaged models"
