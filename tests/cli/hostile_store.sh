#!/usr/bin/env bash
# A folder of results that others can write to: temporary names that were planted, files that are not ours, what merge is given.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
iris_config c.yaml r
lossbench sweep c.yaml --quiet
id=$(basename "$(find r/trials -name '*.json' | sort | head -n 1)" .json)

# Half-written files of lossbench go; what only looks like them stays.
random=0123456789abcdef gone=99999999
while kill -0 $gone 2>/dev/null; do gone=$((gone - 1)); done
mine=(".$id.json.tmp-$gone-$random" ".$id.predictions.csv.tmp-1-$random" ".$id.model.npz.tmp-1-$random" ".$id.checkpoint.tmp-1-$random"
	"..probe.tmp-$gone-$random")
theirs=(".$id.json.tmp-$gone" ".$id.json.tmp-1-$random.txt" ".$id.notes.tmp-1-$random" ".notes.tmp-$gone-$random" "$id.json.tmp-1-$random"
	".$id.json.tmp-1-${random^^}" ".$id.json.tmp--1-$random" ".$id.json.tmp-x-$random" $'.a\nb.tmp-1-0123456789abcdef' "..probe.tmp-$$-$random")
for name in "${mine[@]}" "${theirs[@]}"; do echo text >"r/trials/$name"; done
echo text >"r/..plan.tmp-$gone-$random"
echo precious >precious
ln -s ../../precious "r/trials/.$id.json.tmp-2-$random"
mkdir "r/trials/.$id.json.tmp-3-$random"
mkfifo "r/trials/.$id.json.tmp-4-$random"
assert_exit 0 timeout 20 lossbench sweep c.yaml --quiet --set train.seed=7
for name in "${mine[@]}"; do [ ! -e "r/trials/$name" ] || fail "$name is left"; done
for name in "${theirs[@]}"; do [ -f "r/trials/$name" ] || fail "$name was removed"; done
[ ! -e "r/..plan.tmp-$gone-$random" ] || fail 'a half-written plan is left'
[ -L "r/trials/.$id.json.tmp-2-$random" ] || fail 'a link was removed'
if [ -d "r/trials/.$id.json.tmp-3-$random" ] && [ -p "r/trials/.$id.json.tmp-4-$random" ]; then :; else fail 'what is no file was removed'; fi
assert_eq "$(cat precious)" precious
for name in "${theirs[@]}" ".$id.json.tmp-2-$random" ".$id.json.tmp-4-$random"; do rm "r/trials/$name"; done
rmdir "r/trials/.$id.json.tmp-3-$random"

# The mode is that of the umask; a long name is no longer while it is written.
long=$(printf 'n%.0s' {1..251}).csv
(umask 077 && lossbench data convert "$LB_ROOT/datasets/samples/iris.csv.gz" "$long")
assert_eq "$(stat -c %a "$long")" 600

# merge: regular files of known endings, no links, nothing that waits, whole records of their own ids.
folder() { rm -rf m from && cp -r r from; }
merge() { assert_exit "$1" timeout 20 lossbench merge --into m "${@:2}"; }
n=$(find r/trials -name '*.json' | wc -l)
folder
ln -s /etc/hostname "from/trials/$id.extra"
mkfifo "from/trials/$id.pipe"
echo text >"from/trials/$id.exe"
ln -s ../../precious "from/trials/$id.predictions.csv"
mkfifo "from/trials/$id.model.npz"
mkdir "from/trials/$id.checkpoint"
merge 0 from
assert_contains "$out" "m: $n records copied, 0 there already"
for ending in extra pipe exe; do assert_contains "$err" "from/trials/$id.$ending: is no file that lossbench writes; left out"; done
assert_contains "$err" "from/trials/$id.predictions.csv: is a symbolic link, expected a regular file; links are not followed here; left out"
assert_contains "$err" "from/trials/$id.model.npz: is a FIFO (named pipe), expected a regular file"
assert_eq "$(find m -name "$id.*")" "m/trials/$id.json"
assert_same_results r m

other=$(basename "$(find r/trials -name '*.json' | sort | tail -n 1)" .json)
for kind in link fifo folder text half other_id schema; do
	folder
	f=from/trials/$id.json
	rm "$f"
	case $kind in
	link) ln -s "../../r/trials/$id.json" "$f" ;;
	fifo) mkfifo "$f" ;;
	folder) mkdir "$f" ;;
	text) echo text >"$f" ;;
	half) head -c 500 "r/trials/$id.json" >"$f" ;;
	other_id) cp "r/trials/$other.json" "$f" ;;
	schema) sed 's,lossbench-trial/[0-9]*,lossbench-trial/99,' "r/trials/$id.json" >"$f" ;;
	esac
	merge 4 from
	assert_contains "$err" "warning: $f"
	assert_contains "$err" 'merge: 1 record could not be used and is left out, as the warnings say; all others are merged'
	assert_eq "$(find m/trials -name '*.json' | wc -l)" $((n - 1)) "records with a $kind"
	[ ! -e "m/trials/$id.json" ] || fail "$kind was merged"
	merge 0 r
	assert_contains "$out" "m: 1 record copied, $((n - 1)) there already"
done
ln -s r by_link
rm -rf m
merge 0 by_link
assert_same_results r m

# A limit in the middle leaves no half file, and the same command completes.
rm -rf m
size=$(find r/trials -name '*.json' -printf '%s\n' | sort -n | tail -n 1)
assert_exit 5 bash -c "ulimit -f $((size / 1024 / 2)); exec lossbench merge --into m r"
assert_eq "$(find m -type f ! -name .lock)" ''
merge 0 r
assert_same_results r m

# Hostile texts are shown, not sent to the terminal.
sed -i 's/"study": "[^"]*"/"study": "\\u001b]0;owned\\u0007\\nok"/' r/trials/*.json
printf 'task: multiclass\nloss: ce\ndata: {train: {path: %s, label: label}}\n' "$LB_ROOT/datasets/samples/iris.csv.gz" >one.yaml
assert_exit 0 lossbench clean r --config one.yaml
assert_contains "$out" '\x1b]0;owned\x07\x0aok'
assert_eq "$(wc -l <<<"$out")" "$n"
sed -i 's/"config": "[^"]*"/"config": "\\u001b[2Jc"/; s/"trials": \[/&"..\/..\/precious", "\\u001b", 1,/' r/.plan
assert_exit 0 timeout 20 lossbench status r
assert_contains "$out" '\x1b[2Jc'
assert_lacks "$out$err" $'\e'

# Among a hundred thousand other files.
(cd r/trials && seq -f 'x%.0f' 100000 | xargs touch)
assert_exit 0 timeout 20 lossbench status r
assert_exit 0 timeout 20 lossbench clean r --config one.yaml
rm -rf m
merge 0 r
