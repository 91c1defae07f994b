#!/usr/bin/env bash
# Searches with every fuzz target for inputs that break it. Called by make fuzz.
set -u

usage='Usage: tests/fuzz/run.sh BUILD SECONDS [TARGET...]

  BUILD    folder with libfuzzer/TARGET; what is found new is kept in BUILD/corpus/TARGET, what breaks a target in BUILD/findings
  SECONDS  for each target

Seeds: tests/fuzz/corpus/TARGET (kept, small), configs/, datasets/samples/, tests/golden/formats/.
FUZZ_TIMEOUT: seconds for one input (20); more where the machine stops what it runs. A timeout is verified by running its file alone.
Exit codes: 0 nothing found; 1 a finding, whose file is named; 2 the command line is wrong.'

if [ $# -lt 2 ] || [ "$1" = --help ]; then
	printf '%s\n' "$usage"
	exit 2
fi
build=$(cd "$1" && pwd) || exit 2
seconds=$2
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
[ $# -gt 0 ] || set -- arff commands compressed csv gzip idx npy npz record set svmlight yaml
samples=datasets/samples golden=tests/golden/formats

# The first lines or bytes of real files, as files of the folder.
seeds() { # TARGET FOLDER
	local file
	case $1 in
	csv) for file in "$samples"/*.csv.gz; do gzip -dc "$file" | head -n 12 >"$2/$(basename "$file" .gz)"; done ;;
	idx) gzip -dc "$samples/fashion_mnist_t10k1000-labels-idx1-ubyte.gz" >"$2/seed" ;;
	gzip) cp "$samples"/{iris,wine,glass}.csv.gz "$golden"/*.gz "$2" ;;
	svmlight) cp "$golden"/*.svm "$2" ;;
	compressed) cp "$golden"/*.{bz2,xz,zst,gz} "$2" ;;
	commands)
		for file in tests/fuzz/corpus/{arff,csv,idx,npy,npz,svmlight}/* "$golden"/*; do
			cp "$file" "$2/$(basename "$(dirname "$file")")-$(basename "$file")"
		done
		for file in "$samples"/*.csv.gz; do gzip -dc "$file" | head -n 12 >"$2/$(basename "$file" .gz)"; done
		;;
	npy | npz | arff) cp "$golden"/*."$1" "$2" ;;
	yaml) cp configs/*.yaml "$2" ;;
	esac
}

failed=0
mkdir -p "$build/findings"
for target; do
	folder=$build/corpus/$target start=$build/seeds/$target log=$build/findings/$target.log
	mkdir -p "$folder" "$start"
	seeds "$target" "$start"
	options=(-max_total_time="$seconds" -max_len=8192 -timeout="${FUZZ_TIMEOUT:-20}" -rss_limit_mb=2048 -malloc_limit_mb=1024
		-artifact_prefix="$build/findings/$target-" -print_final_stats=1)
	[ -f "tests/fuzz/$target.dict" ] && options+=(-dict="tests/fuzz/$target.dict")
	status=0
	"$build/libfuzzer/$target" "${options[@]}" "$folder" "tests/fuzz/corpus/$target" "$start" >"$log" 2>&1 || status=$?
	read -r executed < <(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	coverage=$(grep -aoE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -n 1)
	if [ $status -eq 0 ]; then
		echo "ok   $target: ${executed:-0} inputs, $coverage (edges, features), corpus of $(find "$folder" -type f | wc -l)"
	else
		failed=$((failed + 1))
		echo "FAIL $target: status $status; ${executed:-0} inputs, $coverage; see $log"
		grep -aE '^(==[0-9]+==ERROR|SUMMARY|artifact_prefix|.*: does not hold|.*runtime error)|Test unit written' "$log" | sed 's/^/     | /'
	fi
done
[ $failed -eq 0 ]
