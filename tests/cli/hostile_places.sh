#!/usr/bin/env bash
# A FIFO, a device, a socket, a folder or a link to nothing in the place of a file: every command says so at once, and waits for nothing.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

gzip -dc "$LB_ROOT/datasets/samples/iris.csv.gz" >iris.csv
cut -d, -f1-4 iris.csv >numbers.csv
iris_config c.yaml r
cat >t.yaml <<YAML
task: multiclass
loss: {name: ce}
data: {train: {path: iris.csv, label: label}}
train: {epochs: 2}
output: {dir: t}
YAML
lossbench train t.yaml --quiet --save-model m.npz >whole
echo '{"scores": [[2, 1, 0]], "labels": [0]}' >input.json

mkfifo fifo
mkdir folder
ln -s nothing dangling
ln -s loop loop
mkfifo fifo.csv && ln -s nothing dangling.csv && ln -s loop loop.csv && mkdir folder.csv
places=(fifo folder dangling loop)
if [ -c /dev/zero ]; then places+=(/dev/zero); fi

# refused CODES COMMAND...: within seconds, with one message that names the place.
refused() {
	local codes=$1 status=0
	shift
	timeout 10 lossbench "$@" >out 2>err </dev/null || status=$?
	err=$(<err)
	case " $codes " in *" $status "*) ;; *) fail "$*: status $status, expected one of $codes"$'\n'"$err" ;; esac
	[[ $err == 'lossbench: '* && $err != *$'\n''lossbench: '* ]] || fail "messages of $*: $err"
	assert_contains "$err" "$place"
}

for place in "${places[@]}"; do
	for command in train sweep; do refused 3 $command --config "$place" --quiet; done
	for command in check resolve; do refused 3 config $command "$place"; done
	refused 4 train t.yaml --set "data.train.path=$place"
	refused 4 data info "$place"
	refused 4 data convert "$place" x.csv
	refused 4 init "$place"
	refused 4 predict --model "$place" --data iris.csv
	refused 4 predict --model m.npz --data "$place"
	refused 4 losses eval ce --input "$place"
	[ "$place" = folder ] || for command in status 'clean --config c.yaml' 'merge --into new'; do
		# shellcheck disable=SC2086 # several words
		refused 4 $command "$place"
	done
	[ "$place" != /dev/zero ] || continue # what is written there is gone, as asked for
	refused 5 init iris.csv --out "$place"
	refused 5 losses plot ce -o "$place"
	refused 5 train t.yaml --quiet --force --save-model "$place"
	refused 5 predict --model m.npz --data iris.csv --out "$place.csv"
	refused 5 data convert numbers.csv "$place.csv"
	[ "$place" = folder ] || refused 5 train t.yaml --set "output.dir=$place"
done
assert_eq "$(cat new 2>/dev/null)" ''
if [ -p fifo ] && [ -d folder ] && [ -L dangling ] && [ -L loop ]; then :; else fail 'a place was replaced'; fi
refused_fifo() { place=fifo refused "$@"; }
refused_fifo 4 losses eval ce --input fifo
timeout 10 lossbench config check <(cat t.yaml) 2>err && fail 'a process substitution was waited for'
assert_contains "$(cat err)" 'is a FIFO (named pipe), expected a regular file; store what it holds in a file first'

# A link to a regular file is as good as the file.
ln -s t.yaml link.yaml
ln -s iris.csv link.csv
assert_exit 0 lossbench train link.yaml --quiet --set data.train.path=link.csv --set output.dir=linked
# Where a link is written to, it is replaced, and what it leads to is left alone.
echo precious >precious
ln -s precious out.csv
assert_exit 0 lossbench predict --model m.npz --data iris.csv --out out.csv
assert_eq "$(cat precious)" precious
[ ! -L out.csv ] || fail 'the link was written through'

# Standard input and output by their names, and devices that take everything.
assert_exit 0 lossbench losses eval ce --input /dev/stdin <input.json
assert_contains "$out" '"value"'
assert_exit 0 bash -c 'cat input.json | lossbench losses eval ce'
for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
	assert_exit 0 lossbench losses plot ce -o $name
	assert_contains "$out" '</svg>'
	lossbench losses plot ce -o $name 2>/dev/null | cat >piped
	assert_contains "$(cat piped)" '</svg>'
done
assert_exit 0 lossbench losses plot ce -o /dev/null
[ -c /dev/null ] || fail '/dev/null was replaced'

# The names that a folder of results uses itself.
for name in .lock "$(basename "$(find t/trials -name '*.json')")"; do
	for kind in fifo folder dangling outside; do
		rm -rf s && mkdir -p s/trials
		case $kind in
		fifo) mkfifo "s/trials/$name" ;;
		folder) mkdir "s/trials/$name" ;;
		dangling) ln -s ../../planted "s/trials/$name" ;;
		outside) [ "$name" = .lock ] || continue; ln -s ../../precious "s/trials/$name" ;;
		esac
		for command in 'train t.yaml' 'sweep t.yaml'; do
			# shellcheck disable=SC2086 # several words
			place=$name refused 5 $command --quiet --set output.dir=s
		done
		status=0
		timeout 10 lossbench status s >/dev/null 2>err || status=$?
		assert_between $status 0 4
		[ ! -e planted ] || fail 'a link was followed'
		assert_eq "$(cat precious)" precious
	done
done
for name in .plan tuning.json; do
	for kind in fifo dangling; do
		rm -rf s && mkdir -p s/trials
		if [ $kind = fifo ]; then mkfifo "s/$name"; else ln -s ../planted "s/$name"; fi
		status=0
		timeout 20 lossbench sweep c.yaml --quiet --set output.dir=s >/dev/null 2>err || status=$?
		assert_eq "$status" "$([ $name = .plan ] && echo 5 || echo 0)" "status with a $kind as $name"
		[ ! -e planted ] || fail 'a link was followed'
	done
done

# The limit of file sizes: one message, code 5, nothing half, nothing left.
mkdir -p limited
assert_exit 5 bash -c 'ulimit -f 1; exec lossbench data convert iris.csv limited/out.csv'
assert_contains "$err" 'limited/out.csv: cannot be written: File too large; raise the limit of file sizes'
assert_eq "$(ls -A limited)" ''
assert_exit 5 bash -c 'ulimit -f 1; exec lossbench train t.yaml --quiet --set output.dir=limited/r'
assert_contains "$err" 'File too large'
assert_eq "$(find limited -type f ! -name .lock)" ''
assert_exit 5 bash -c 'ulimit -f 1; exec lossbench sweep c.yaml --quiet --set output.dir=limited/r'
assert_eq "$(find limited -name '*tmp*')" ''
status=0
bash -c 'ulimit -f 1; lossbench losses --markdown >limited/text' 2>err || status=$?
assert_eq $status 5 'status with standard output at the limit'
assert_contains "$(cat err)" 'the output could not be written'
