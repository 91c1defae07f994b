#!/usr/bin/env bash
# The corpora of the fuzz targets, and real files, once through each target: nothing that was found before comes back.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

targets=$(dirname "$LB_BIN")/fuzz
[ -d "$targets" ] || skip 'tests/fuzz is not built (make unit)'
golden=$LB_ROOT/tests/golden/formats total=0
for corpus in "$LB_ROOT"/tests/fuzz/corpus/*/; do
	target=$(basename "$corpus")
	files=("$corpus"*)
	case $target in
	npy | npz | arff) files+=("$golden"/*."$target") ;;
	commands) files+=("$golden"/* "$LB_ROOT"/tests/fuzz/corpus/{arff,csv,idx,npy,npz,svmlight}/*) ;;
	compressed) files+=("$golden"/*.{bz2,xz,zst,gz}) ;;
	svmlight) files+=("$golden"/*.svm) ;;
	yaml) files+=("$LB_ROOT"/configs/*.yaml) ;;
	gzip) files+=("$LB_ROOT"/datasets/samples/iris.csv.gz "$golden"/*.gz) ;;
	esac
	[ -x "$targets/$target" ] || fail "there is no target $target for the corpus $corpus"
	assert_exit 0 "$targets/$target" "${files[@]}"
	assert_contains "$out" "${#files[@]} inputs"
	total=$((total + ${#files[@]}))
done
for source in "$LB_ROOT"/tests/fuzz/*.c; do
	name=$(basename "$source" .c)
	[ "$name" = replay ] || [ -d "$LB_ROOT/tests/fuzz/corpus/$name" ] || fail "the target $name has no corpus"
done
assert_between $total 60 2000 'inputs'
echo "$total inputs"
