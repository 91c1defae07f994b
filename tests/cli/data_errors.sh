#!/usr/bin/env bash
# Data that cannot be used: one clear message that names the file (and the line), code 4, and nothing is written.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
samples=$LB_ROOT/datasets/samples
images=$samples/fashion_mnist_t10k1000-images-idx3-ubyte.gz labels=$samples/fashion_mnist_t10k1000-labels-idx1-ubyte.gz

config() { # TRAIN [MORE [TASK LOSS]]
	cat >c.yaml <<YAML
task: ${3:-multiclass}
data:
  train: {$1}
  ${2:-}
loss: {name: ${4:-ce}}
train: {epochs: 1}
output: {dir: out}
YAML
}
# refused TEXT...: train and sweep end with code 4 and one message with the texts.
refused() {
	local text command
	for command in 'config check' sweep train; do
		# shellcheck disable=SC2086 # two words
		assert_exit 4 lossbench $command c.yaml
		assert_eq "$out" '' 'standard output'
		assert_eq "$(grep -vc '^lossbench: warning: ' <<<"$err")" 1 "lines of: $err"
		for text; do assert_contains "$err" "$text"; done
		[ ! -e out ] || fail "$command wrote something"
	done
}
csv() { # NAME LINE...
	printf '%s\n' "${@:2}" >"$1"
	config "path: $1, label: label"
}

# Gzip that is cut, changed in the middle, wrong in its checksum, or followed by something else.
size=$(stat -c %s "$samples/iris.csv.gz")
for kind in cut middle crc tail; do
	cp "$samples/iris.csv.gz" bad.csv.gz
	case $kind in
	cut) truncate -s $((size - 300)) bad.csv.gz ;;
	middle) printf '\377\377\377' | dd of=bad.csv.gz bs=1 seek=400 conv=notrunc status=none ;;
	crc) printf '\1\2\3\4' | dd of=bad.csv.gz bs=1 seek=$((size - 8)) conv=notrunc status=none ;;
	tail) echo garbage >>bad.csv.gz ;;
	esac
	config 'path: bad.csv.gz, label: label'
	refused 'bad.csv.gz: the gzip data are damaged'
done
for cut in 1 2 8 20 $((size - 1)); do
	head -c $cut "$samples/iris.csv.gz" >bad.csv.gz
	config 'path: bad.csv.gz, label: label'
	refused 'bad.csv.gz'
done

# Files that are not there or hold no table.
config 'path: absent.csv, label: label'
refused 'absent.csv: cannot be opened: No such file or directory'
: >empty.csv
config 'path: empty.csv, label: label'
refused 'empty.csv: is empty'
gzip -nc empty.csv >empty.csv.gz
config 'path: empty.csv.gz, label: label'
refused 'empty.csv.gz: is empty'
mkdir folder
config 'path: folder, label: label'
refused 'folder: is a folder'

# Tables with a fault.
csv ragged.csv 'a,b,label' '1,2,x' '3,4' '5,6,y'
refused 'ragged.csv:3: 2 fields' '3 in line 1'
csv open.csv 'a,label' '1,x' '"2,y' '3,x'
refused 'open.csv:3'
csv named.csv 'a,label' '1,x' '2,y' '3,x' '4,y' '5,x' '6,y' '7,x' '8,y' '9,x' '10,y'
config 'path: named.csv, label: lable'
refused "named.csv: " "there is no column 'lable'; did you mean 'label'?"
config 'path: named.csv, label: 3'
refused 'named.csv'
csv missing.csv 'a,b,label' '1,2,x' '3,4,y' 'NA,4,y' '7,8,x'
refused "missing.csv:4: column 'a'" 'data.missing'
csv words.csv 'a,label' '1,2.5' '2,3.5' '3,tall' '4,5'
config 'path: words.csv, label: label' '' regression mse
refused "words.csv:4: column 'label': the target 'tall' is not a number"
config "path: $samples/iris.csv.gz, label: label" '' binary logistic
refused 'iris.csv.gz' 'exactly two classes, found 3'

# A test file that does not fit its training file.
csv test.csv 'a,label' '1,x' '2,z'
config 'path: named.csv, label: label' 'test: {path: test.csv}'
refused "test.csv:3: column 'label': the class 'z'" named.csv
csv narrow.csv 'b,label' '1,x' '2,y'
config 'path: named.csv, label: label' 'test: {path: narrow.csv}'
refused narrow.csv "'a'"

# IDX: counts that disagree, a file cut within, labels in the place of images, no labels.
config "path: $images, labels: $samples/fashion_mnist_train2000-labels-idx1-ubyte.gz"
refused 'fashion_mnist_t' 1000 2000
{ gzip -dc "$images" || true; } | head -c 100000 | gzip -n >short-images.gz
config "path: short-images.gz, labels: $labels"
refused 'short-images.gz'
config "path: $images, labels: $images"
refused 'images'
config "path: $images"
refused "$images: holds no labels; give their file with data.train.labels"
config "path: $images, labels: $labels" "test: {path: $images}"
refused "$images: holds no labels; give their file with data.test.labels"
{ gzip -dc "$images"; echo more; } | gzip -n >long-images.gz
config "path: long-images.gz, labels: $labels"
refused 'long-images.gz'

# Files of more than a megabyte, which are read side by side: what is wrong with the training files is said in any case.
"${PYTHON:-python3}" - <<'PY'
import random, struct

images = struct.pack(">4B3I", 0, 0, 8, 3, 1100, 32, 32) + random.Random(1).randbytes(1100 * 1024)
for name, content in {"large": images, "cut-train": images[:-5], "cut-test": images[:-7]}.items():
    with open(name, "wb") as f:
        f.write(content)
with open("large-labels", "wb") as f:
    f.write(struct.pack(">4BI", 0, 0, 8, 1, 1100) + bytes(i % 2 for i in range(1100)))
PY
config 'path: large, labels: large-labels' 'test: {path: large, labels: large-labels}'
assert_exit 0 lossbench config check c.yaml
config 'path: cut-train, labels: large-labels' 'test: {path: cut-test, labels: large-labels}'
for _ in 1 2 3; do refused 'cut-train: ' 1126395; done
config 'path: large, labels: large-labels' 'test: {path: cut-test, labels: large-labels}'
refused 'cut-test: ' 1126393
config 'path: large, labels: large-labels' 'test: {path: large, labels: absent}'
refused 'absent: '

# A split that cannot be made.
csv few.csv 'a,label' '1,x' '2,y'
config 'path: few.csv, label: label' 'split: {train: 0.4, valid: 0.3, test: 0.3}'
refused 'data.split: no row is left'

# The other commands read with the same care.
for command in 'data info' init; do
	# shellcheck disable=SC2086 # two words
	assert_exit 4 lossbench $command ragged.csv
	assert_contains "$err" 'ragged.csv:3: '
	# shellcheck disable=SC2086
	assert_exit 4 lossbench $command absent.csv
done

# A class that a part lacks is named, and the advice is none that was followed already.
printf 'x,y\n' >rare.csv
for i in $(seq 30); do printf '%s,%s\n' "$i" "$([ "$i" = 30 ] && echo rare || echo "c$((i % 2))")"; done >>rare.csv
cat >rare.yaml <<END
task: multiclass
data: {train: {path: rare.csv, label: y}, split: {train: 0.5, valid: 0.25, test: 0.25, stratify: true}}
corrupt: {imbalance: {kind: long_tail, ratio: 2}}
loss: ce
output: {dir: rare}
END
assert_exit 4 lossbench train rare.yaml --set corrupt.imbalance.valid=true
assert_contains "$err" "corrupt.imbalance: class 'rare' has no row in the "
assert_contains "$err" 'data.split.stratify is true already'
