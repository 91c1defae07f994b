#!/usr/bin/env bash
# A folder that cannot be written and a disk that fills up: one clear message, code 5, no half file.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

cp "$LB_ROOT/datasets/samples/iris.csv.gz" . # another user may not be let into the project's folder
cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: ce}
train: {epochs: 2}
YAML
printf 'sweep: {train.seed: {from: 1, to: 40}}\n' | cat c.yaml - >s.yaml

# one_message TEXT...: what was printed on standard error, progress aside, is one line with the texts.
one_message() {
	local line text
	line=$(grep '^lossbench: ' <<<"$err")
	assert_eq "$(wc -l <<<"$line")" 1 "messages in: $err"
	for text; do assert_contains "$line" "$text"; done
}

# A file stands where a folder should be.
echo text >file
for command in 'train c.yaml' 'sweep s.yaml'; do
	# shellcheck disable=SC2086 # several words
	assert_exit 5 lossbench $command --set output.dir=file/r
	one_message 'file' 'Not a directory'
done
assert_exit 5 lossbench train c.yaml --set output.dir=/proc/lossbench
one_message /proc/lossbench 'the folder cannot be made'

# Standard output that cannot be written is no success.
if [ -w /dev/full ]; then
	status=0
	lossbench losses >/dev/full 2>err || status=$?
	assert_eq $status 5 'status with a full standard output'
	assert_contains "$(cat err)" 'the output could not be written: No space left on device'
fi

# Folders without permission, as somebody who is not root.
chmod 711 .. && chmod 755 .
mkdir closed closed/trials
touch closed/trials/.lock
chmod 555 closed closed/trials
as_user() { lossbench "$@"; }
if [ "$(id -u)" = 0 ]; then
	needs setpriv
	cp "$LB_BIN" program
	as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$PWD/program" "$@"; }
	as_user version >/dev/null 2>&1 || skip 'no process of another user can be started here'
fi
for command in 'train c.yaml' 'sweep s.yaml'; do
	for dir in closed closed/new/deep; do
		# shellcheck disable=SC2086 # several words
		assert_exit 5 as_user $command --set output.dir=$dir
		one_message closed 'Permission denied; change its permissions or name another path'
		[ ! -s out ] || fail 'standard output'
	done
done
assert_eq "$(find closed -type f)" closed/trials/.lock 'files in the closed folder'

# A disk of 64 KiB: a few records fit, the next does not. Then there is room, and the sweep goes on.
mkdir disk
mount -t tmpfs -o size=64k,mode=777 none disk 2>/dev/null || skip 'the part with a full disk: no file system can be mounted here; the rest passed'
trap 'umount disk' EXIT
assert_exit 5 lossbench sweep s.yaml --jobs 2 --set output.dir=disk/r
one_message 'disk/r/trials/' 'No space left on device; make room on that disk or name a path on another'
records=(disk/r/trials/[0-9a-f]*.json)
assert_between ${#records[@]} 1 39 'records on the full disk'
"${PYTHON:-python3}" -c 'import json, sys
for name in sys.argv[1:]: assert json.load(open(name))["result"]["status"] == "ok"' "${records[@]}" || fail 'a half record'
tidy disk/r
dd if=/dev/zero of=disk/rest bs=1k 2>/dev/null || true
assert_exit 5 lossbench train c.yaml --set output.dir=disk/t
one_message 'disk/t' 'No space left on device'
assert_eq "$(find disk/t -type f)" '' 'files of train on the full disk'
rm -r disk/rest
mount -o remount,size=4m disk
assert_exit 0 lossbench sweep s.yaml --jobs 2 --set output.dir=disk/r
assert_contains "$err" "40 trials: ${#records[@]} done, $((40 - ${#records[@]})) to do"
assert_exit 0 lossbench sweep s.yaml --quiet --set output.dir=whole
assert_same_results whole disk/r
