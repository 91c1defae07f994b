#!/usr/bin/env bash
# Trains a list of configs with an earlier revision and with this one, and compares every `result` byte by byte.
set -u

# shellcheck disable=SC2016 # `result` is no command
usage='Usage: tests/same_as.sh REV [NAME...]        (make same-as REV=b32a008)

Builds revision REV in a scratch folder, runs the sweeps of tests/same_as/list (or those named) with both programs, and compares the
`result` part of the records of equal id. A record that only one of them wrote is a difference too. Differences that a revision
brought on purpose are listed in tests/same_as/exceptions, one a line: NAME REASON. A line whose config REV refuses is told and left out.
The last line is the tally. Exit codes: 0 the same; 1 differences; 2 the command line is wrong.'

case ${1-} in
'' | -h | --help) printf '%s\n' "$usage"; [ -n "${1-}" ]; exit $((2 * $?)) ;;
esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rev=$(git -C "$root" rev-parse --verify -q "$1^{commit}") || { echo "same_as.sh: $1 is no revision of this repository" >&2; exit 2; }
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/old" "$scratch/run"
git -C "$root" archive "$rev" | tar -x -C "$scratch/old"
make -C "$scratch/old" -j"${JOBS:-2}" lossbench >"$scratch/build.log" 2>&1 || { tail -n 20 "$scratch/build.log" >&2; exit 1; }
cd "$scratch/run" || exit 1
ln -s "$root/datasets" datasets # the configs of the project name its samples from the root
old=$scratch/old/lossbench new=${LOSSBENCH:-$root/lossbench}
python3 "$root/tests/same_as/data.py"

# The names of the losses of a kind that both programs know, as a list for YAML.
losses() {
	comm -12 <("$old" losses --json | jq -r ".[] | select(.kind == \"$1\").name" | sort) \
		<("$new" losses --json | jq -r ".[] | select(.kind == \"$1\").name" | sort) | grep -vx -e adv_comp_sum -e gjs -e forward_ce -e backward_ce -e llp -e bag -e instance -e bag_interp -e npo | paste -sd,
}
for config in "$root"/tests/same_as/*.yaml; do
	sed -E "s|@/|$root/|g" "$config" | while IFS= read -r line; do
		[[ $line =~ \[LOSSES\ ([a-z]+)\] ]] && line=${line/LOSSES ${BASH_REMATCH[1]}/$(losses "${BASH_REMATCH[1]}")}
		printf '%s\n' "$line"
	done >"$(basename "$config")"
done

same=0 different=0
# compare NAME: the results of equal id in old/NAME and new/NAME.
compare() {
	local n=0 bad='' a b f
	for f in $( (ls "old/$1/trials"; ls "new/$1/trials") 2>/dev/null | grep '\.json$' | sort -u); do
		a=$(jq -cS .result "old/$1/trials/$f" 2>&1) b=$(jq -cS .result "new/$1/trials/$f" 2>&1)
		n=$((n + 1))
		[ "$a" = "$b" ] || bad+=" ${f%.json}"
	done
	if [ "$n" -gt 0 ] && [ -z "$bad" ]; then
		same=$((same + 1))
		printf 'same %-15s %d records\n' "$1" "$n"
	elif grep -q "^$1 " "$root/tests/same_as/exceptions" 2>/dev/null; then
		printf 'changed on purpose: %s\n' "$(grep "^$1 " "$root/tests/same_as/exceptions")"
	else
		different=$((different + 1))
		printf 'DIFFERENT %s: of %d records:%s\n' "$1" "$n" "${bad:- none was written}"
	fi
}

while read -r name config options; do
	[[ $name != '#'* && -n $name ]] || continue
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	arguments=()
	while IFS= read -r word; do arguments+=("$word"); done < <(sed -E 's/ (--)/\n\1/g; s/(--[a-z]+) /\1\n/g' <<<"$options")
	[ -n "$options" ] || arguments=()
	# What that revision has no name for cannot be compared with it.
	if ! "$old" sweep --config "${config/@/$root}" --list --quiet "${arguments[@]}" >/dev/null 2>old.log; then
		printf 'new  %-15s %s\n' "$name" "$(grep -m 1 . old.log | sed -E 's/, allowed: .*//')"
		continue
	fi
	for side in old new; do
		"${!side}" sweep --config "${config/@/$root}" --quiet "${arguments[@]}" --set "output.dir=$side/$name" >"$side.log" 2>&1 || tail -n 3 "$side.log"
	done
	compare "$name"
done <"$root/tests/same_as/list"
echo "$same passed, $different failed"
[ $different -eq 0 ]
