#!/usr/bin/env bash
# An NPY array that does not fit into data.max_memory is mapped and trains to the same bytes; what cannot be done with it is refused.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

# array FILE TYPE: 300 rows of six values, the last of them a label of 0 to 2; BAD is the value of one of them.
array() {
	"${PYTHON:-python3}" - "$1" "$2" "${BAD:-0.25}" <<'PY'
import random, struct, sys
name, kind, bad = sys.argv[1:]
r = random.Random(1)
rows = [[r.gauss(0, 1) for _ in range(5)] + [i % 3] for i in range(300)]
rows[7][2] = float(bad)
head = "{'descr': '%s', 'fortran_order': False, 'shape': (300, 6), }" % kind
head += " " * (-(len(head) + 11) % 64) + "\n"
with open(name, "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
    for row in rows:
        f.write(struct.pack({"<f4": "<6f", "<f8": "<6d", ">f4": ">6f"}[kind], *row))
PY
}
config() { # DATA [MORE]
	cat >c.yaml <<YAML
task: multiclass
data:
  train: {$1}
  ${2:-}
model: {kind: linear}
loss: {name: ce}
train: {epochs: 3, batch: 16}
output: {dir: out, model: true}
YAML
}
result() {
	rm -rf out
	assert_exit 0 lossbench train c.yaml --quiet --json
	"${PYTHON:-python3}" -c 'import json, sys; r = json.load(sys.stdin); print(json.dumps([r["result"]["metrics"], r["data"]["sources"]]))' <<<"$out"
}
refused() { # TEXT...
	assert_exit 4 lossbench train c.yaml
	for text; do assert_contains "$err" "$text"; done
}

array x.npy '<f4'
"${PYTHON:-python3}" - <<'PY'
import struct
head = "{'descr': '<i4', 'fortran_order': False, 'shape': (300,), }"
head += " " * (-(len(head) + 11) % 64) + "\n"
open("y.npy", "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<300i", *[i % 3 for i in range(300)]))
PY
config 'path: x.npy, labels: y.npy'
read_whole=$(result)
config 'path: x.npy, labels: y.npy' 'max_memory: 5000'
mapped=$(result)
assert_eq "$mapped" "$read_whole" 'metrics and checksums'
assert_contains "$mapped" '"accuracy"'

# What the array is not as it is.
config 'path: x.npy, label: -1' 'max_memory: 5000'
refused 'leaving out columns cannot be done with an array that does not fit into data.max_memory'
config 'path: x.npy, labels: y.npy' 'max_memory: 5000, test: {path: x.npy, labels: y.npy}, split: {test: 0}'
sed -i 's/max_memory: 5000, test/max_memory: 5000\n  test/; s/}, split/}\n  split/' c.yaml
refused 'joining the rows of several files cannot be done'
BAD=nan array n.npy '<f4'
config 'path: n.npy, labels: y.npy' 'max_memory: 5000'
printf '%s\n' '  missing: drop' >missing.txt
sed -i '/max_memory/r missing.txt' c.yaml
refused 'leaving out rows cannot be done'
sed -i 's/missing: drop/missing: mean/' c.yaml
result >/dev/null

# What cannot be mapped has to fit.
array d.npy '<f8'
array b.npy '>f4'
gzip -nk x.npy
for file in d.npy b.npy x.npy.gz; do
	config "path: $file, labels: y.npy" 'max_memory: 5000'
	refused "$file: 300 rows of 6 columns would take more than" 'raise data.max_memory'
done

# What is wrong is told with its place.
BAD=inf array i.npy '<f4'
config 'path: i.npy, labels: y.npy' 'max_memory: 5000'
refused 'i.npy: row 8, value 3 is infinite'
head -c 4000 x.npy >cut.npy
config 'path: cut.npy, labels: y.npy' 'max_memory: 5000'
refused 'cut.npy: the NPY data after the header should have 7200 bytes'
cat x.npy y.npy >long.npy
config 'path: long.npy, labels: y.npy' 'max_memory: 5000'
refused 'long.npy: more bytes follow the 7200 bytes'
