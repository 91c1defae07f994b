#!/usr/bin/env bash
# Times the readers: MB of uncompressed content a second, beside zlib alone in memory and `gzip -dc` as a process, least of RUNS
# (default 5) runs each, in turn. Needs $BUILD/bench/readers (default build/bench/readers; make build/bench/readers). Files named on
# the command line are timed instead of those that are made here. Nothing here passes or fails: times move with the machine.
set -eu
cd "$(dirname "$0")/../.."
runs=${RUNS:-5}
program=${BUILD:-build}/bench/readers
[ -x "$program" ] || { echo "readers.sh: $program is not built; make $program" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# csv NAME ROWS COLUMNS FORMAT: numbers in (-5, 5) as printf prints them, the last column a class.
csv() {
	awk -v n="$2" -v d="$3" -v f="$4" 'BEGIN {
		srand(1)
		for (j = 1; j <= d; j++) printf "x%d,", j
		print "label"
		for (i = 0; i < n; i++) {
			for (j = 0; j < d; j++) printf f ",", 10 * rand() - 5
			print int(10 * rand())
		}
	}' >"$scratch/$1"
}

files=("$@")
if [ ${#files[@]} -eq 0 ]; then
	csv short.csv 40000 100 %.3f
	csv digits.csv 60000 100 %d
	csv exact.csv 12000 100 %.17g
	gzip -k "$scratch/short.csv"
	awk -v n=40000 'BEGIN {
		srand(2)
		for (i = 0; i < n; i++) {
			printf "%d", int(20 * rand())
			for (j = k = 1; j <= 60; j++) { k += 1 + int(1500 * rand()); printf " %d:%.4f", k, rand() }
			print ""
		}
	}' >"$scratch/sparse.svm"
	gzip -k "$scratch/sparse.svm"
	files=("$scratch"/*.csv "$scratch"/*.gz "$scratch/sparse.svm" datasets/samples/letter.csv.gz)
	images=datasets/fashion-mnist/train-images-idx3-ubyte.gz
	if [ -e $images ]; then files+=("$images"); else echo "$images: not here; get it with scripts/fetch-data.sh fashion-mnist"; fi
fi
"$program" "$runs" "${files[@]}"
printf '\n%-34s %9s\n' 'gzip -dc >/dev/null' 'seconds'
for file in "${files[@]}"; do
	case $file in *.gz) ;; *) continue ;; esac
	for ((i = 0; i < runs; i++)); do
		start=$EPOCHREALTIME
		gzip -dc "$file" >/dev/null
		awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.4f\n", b - a }'
	done | sort -n | head -1 >"$scratch/least"
	printf '%-34s %9s\n' "$(basename "$file")" "$(cat "$scratch/least")"
done
