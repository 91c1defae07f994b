#!/usr/bin/env bash
# Static rules of the project. Prints what is wrong as file:line: what, and a tally as the last line.
set -u

usage='Usage: tests/lint.sh [--layers]

  --layers   only the rules that need no other tool: who includes whom, who prints and exits, registries, file names, sizes

Without it also: shellcheck, cppcheck, and a compilation of the Python scripts. A tool that is missing is a failure.
Exit codes: 0 nothing found; 1 something found; 2 the command line is wrong.'

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
layers_only=''
case ${1-} in
'') ;;
--layers) layers_only=1 ;;
-h | --help) printf '%s\n' "$usage"; exit 0 ;;
*) echo "lint.sh: unknown argument '$1' (--help shows the usage)" >&2; exit 2 ;;
esac

passed=0 failed=0
# rule NAME COMMAND...: passes when the command prints nothing.
rule() {
	local found
	found=$("${@:2}" 2>&1)
	if [ -z "$found" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s\n     rule: %s\n' "$found" "$1"
	fi
}

# ---- who includes whom ----

# file:line:header of every #include "..." below the folders
includes() { grep -rnHoE --include='*.[ch]' --include='*.def' '^#include "[^"]+"' "$@" | sed -E 's/#include "(.*)"/\1/'; }

# FOLDER and what its files may include, as prefixes, beside the folder itself. losses/loss_info.h names the kinds of tasks, which
# all that deals with labels must know; it and datasets/dataset.h, losses/loss.h are contracts, not a particular loss or reader. The random streams are free of precision:
# the expansion of a config into trials may draw from them.
contracts='losses/loss_info.h datasets/dataset.h'
# Lists of names alone, which the option table makes its choices of.
names='core/training/samplers.def core/metrics/thresholds.def datasets/formats/readers.def'
layers="core/base
core/numeric core/base/
core/config core/base/ core/numeric/rng.h losses/loss_info.h $names
core/metrics core/base/ core/numeric/ losses/loss_info.h
core/training core/base/ core/numeric/ core/metrics/metric.h core/metrics/decision_rule.h $contracts
core/engine core/base/ core/numeric/ core/training/ core/metrics/metric.h core/metrics/decision_rule.h datasets/sampling/row_labels.h losses/loss.h $contracts
core/run core/base/ core/numeric/ core/config/ core/training/ losses/formula.h losses/plugin.h core/metrics/metric.h core/metrics/decision_rule.h datasets/formats/npz_archive.h datasets/assemble/align_columns.h datasets/io/inflate.h datasets/sampling/forget_rows.h datasets/sampling/row_labels.h $contracts
datasets core/base/ core/numeric/ losses/loss_info.h
losses core/base/ core/numeric/ core/engine/precision.h core/engine/kernels/ core/config/config.h
cmd core/base/ core/config/ core/numeric/blas_select.h core/numeric/cpu_features.h core/numeric/kernel_dispatch.h core/run/ core/metrics/metric.h datasets/sampling/row_labels.h losses/eval.h losses/check.h losses/formula.h losses/plugin.h $contracts"

may_include() {
	local folder allowed place header prefix ok
	while read -r folder allowed; do
		while IFS=: read -r place line header; do
			ok=''
			for prefix in "$folder/" $allowed; do [[ $header == "$prefix"* ]] && ok=1; done
			[ -n "$ok" ] || echo "$place:$line: includes $header; $folder/ may include $folder/ $allowed"
		done < <(includes "$folder")
	done <<<"$layers"
	for folder in core/*/; do
		grep -q "^${folder%/}\b" <<<"$layers" || echo "$folder:1: a folder of core without a layer; add it to tests/lint.sh"
	done
}

# A unit is NAME.c with NAME.h and NAME_internal.h. Prints every include among the units of a circle.
no_include_circle() {
	local edges
	edges=$(includes cmd core losses datasets | awk -F: '
		function unit(file) { sub(/(_internal)?\.[ch]$/, "", file); return file }
		unit($1) != unit($3) { print unit($1), unit($3), $1 ":" $2, $3 }')
	{ echo "$edges"; echo loops; cut -d' ' -f1,2 <<<"$edges" | tsort 2>&1 >/dev/null; } | awk '
		function tell(    i, units) {
			for (i = 1; i <= n; i++) units = units (i > 1 ? ", " : "") member[i]
			for (i = 1; n && i <= edges; i++)
				if (from[i] in inside && to[i] in inside)
					print place[i] ": includes " header[i] " in a circle: " units "; move what they share to a header of its own"
			n = 0
			delete inside
		}
		/^loops$/ { loops = 1; next }
		!loops { from[++edges] = $1; to[edges] = $2; place[edges] = $3; header[edges] = $4; next }
		/loop:$/ { tell(); next }
		{ member[++n] = $2; inside[$2] }
		END { tell() }'
}

# A loss sees the contract, the helpers in losses/support/, and no other loss.
losses_alone() {
	local file line file_kind header
	while IFS=: read -r file line header; do
		file_kind=${file%/*}
		case $header in
		losses/loss.h | losses/loss_info.h | losses/support/* | core/*) ;;
		*) [ "$file_kind" = losses/support ] ||
			echo "$file:$line: includes $header; a loss includes losses/loss.h, losses/support/ and core/" ;;
		esac
	done < <(includes losses/*/)
}

# However long the chain of includes.
no_precision_in_cmd() {
	includes cmd core losses datasets | awk -F: '
		{ file[NR] = $1; line[NR] = $2; header[NR] = $3 }
		END {
			leads["core/engine/precision.h"] = 1
			for (more = 1; more;) {
				more = 0
				for (i = 1; i <= NR; i++)
					if (leads[header[i]] && !leads[file[i]])
						more = leads[file[i]] = 1
			}
			for (i = 1; i <= NR; i++)
				if (file[i] ~ /^cmd\// && leads[header[i]])
					print file[i] ":" line[i] ": " header[i] " leads to core/engine/precision.h; the command line knows no precision"
		}'
}

# One fuzz target runs commands.
nothing_includes_cmd() {
	includes core losses datasets tests | grep -E ':cmd/' | grep -v '^tests/fuzz/commands.c:' | sed 's/$/ is included; only cmd\/ may include cmd\//'
}

quiet_below_cmd() {
	grep -rnE --include='*.[ch]' '\b(v?f?printf|f?puts|putchar|perror|exit|quick_exit|abort|assert)[ \t]*\(' core losses datasets |
		grep -vE '^core/base/log\.c:|^[^:]+:[0-9]+:[ \t]*(/?\*|//)' |
		sed -E 's/^([^:]+:[0-9]+):[ \t]*(.*)/\1: "\2": errors are returned; only cmd\/ and core\/base\/log.c print or exit/'
}

# ---- registries, names, sizes ----

# A loss is defined as LB_LOSS(kind, name), or by a macro of its family whose first argument is the name.
registered() {
	local listed defined
	listed=$(sed -nE 's/^LOSS\((\w+), (\w+)\)$/\1 \2/p' losses/list.def)
	defined=$(grep -nE '^const struct lb_loss LB_LOSS' losses/*/*.c | sed -nE 's/^([^:]+:[0-9]+):.*LB_LOSS\((\w+), (\w+)\).*/\1 \2 \3/p')
	awk 'NR == FNR { listed[$0]; next } NF && !($2 " " $3 in listed) { print $1 ": " $3 " is not in losses/list.def; add LOSS(" $2 ", " $3 ")" }' \
		<(echo "$listed") <(echo "$defined")
	grep -L 'LB_LOSS(' losses/*/*.c | sed -nE '/^losses\/support\//!s/$/:1: defines no loss; helpers stand in losses\/support\//p'
	{ # what is defined by name, or by a macro of its family
		echo "$defined" | cut -d' ' -f2-
		grep -ohE 'LB_LOSS\(\w+, \w+\)' losses/*/*.c | sed -E 's/LB_LOSS\((\w+), (\w+)\)/\1 \2/'
		grep -oE '^[A-Z_]+\(\w+,' losses/*/*.c | sed -nE 's/^losses\/(\w+)\/[^:]*:[A-Z_]+\((\w+),/\1 \2/p'
	} | awk 'NR == FNR { defined[$0]; next } /^LOSS\(/ { gsub(/^LOSS\(|\).*/, ""); sub(/, /, " "); if (!($0 in defined)) { split($0, word); print "losses/list.def:" FNR ": no file of losses/" word[1] "/ defines " word[2] } }' - losses/list.def
}

# A list of components, the word of its lines, the struct of its descriptors, and the folder that defines them. losses/list.def has a
# rule of its own above.
lists='core/metrics/list.def METRIC lb_metric core/metrics
core/metrics/thresholds.def THRESHOLD lb_threshold core/metrics
core/metrics/calibrations.def CALIBRATION lb_calibration core/metrics
core/training/schedules.def SCHEDULE lb_schedule core/training
core/training/judges.def JUDGE lb_judge core/training
core/training/regularisers.def REGULARISER lb_regulariser core/training
core/training/samplers.def SAMPLER lb_sampling core/training
core/training/models.def MODEL lb_model_kind core/training
core/engine/optim/list.def OPTIMIZER lb_optim core/engine/optim
core/engine/attack/list.def ATTACK lb_attack_kind core/engine/attack
core/engine/data/augmentations.def AUGMENTATION lb_augmentation core/engine/data
core/engine/data/miner/list.def MINER lb_miner core/engine/data/miner
core/engine/eval/score/list.def ANOMALY_SCORE lb_anomaly_score core/engine/eval/score
core/engine/model/head/list.def HEAD lb_head core/engine/model/head
core/engine/step/list.def PROCEDURE lb_procedure core/engine/step
datasets/formats/readers.def LB_READER lb_reader datasets/formats
datasets/synthetic/generators.def LB_GENERATOR lb_generator datasets/synthetic
datasets/sampling/label_noises.def LB_CORRUPTION lb_corruption datasets/sampling
datasets/sampling/imbalances.def LB_IMBALANCE lb_imbalance datasets/sampling
datasets/sampling/baggings.def LB_BAGGING lb_bagging datasets/sampling
datasets/sampling/bag_noises.def LB_BAG_NOISE lb_bag_noise datasets/sampling'

# file:line:name of every descriptor of a struct that is defined below a folder, without a macro of its family.
descriptors() {
	grep -rnE --include='*.c' "^(static )?const struct $1 \w+(\(\w+\))? = " "$2" 2>/dev/null |
		sed -E "s/^([^:]+:[0-9]+):.* (LB_[A-Z_]+\((\w+)\)|$1_(\w+)|(\w+)) = .*/\1:\3\4\5/"
}

# Every component stands in one list, once, and no list stands beside it.
one_list() {
	local def word struct folder file line name found listed once
	while read -r def word struct folder; do
		found=$(descriptors "$struct" "$folder") listed=$(cat "$def" 2>/dev/null)
		once=$'\n'$(sort <<<"$listed" | uniq -u)$'\n'
		while IFS=: read -r file line name; do
			[[ -z $file || $once == *$'\n'"$word($name)"$'\n'* ]] || echo "$file:$line: $name is not once in $def; add the line $word($name)"
		done <<<"$found"
		[ -f "$def" ] || continue
		while IFS=: read -r line name; do
			[[ $found$'\n' == *":$name"$'\n'* ]] || grep -qsE "^[A-Z_]+\($name," "$folder"/*.c ||
				echo "$def:$line: no file of $folder/ defines $name"
		done < <(grep -nE "^$word\(" "$def" | sed -E "s/^([0-9]+):$word\((\w+)\).*/\1:\2/")
		grep -nvE "^$word\(\w+\)\$|^/\*|^ \*" "$def" | sed "s|^\([0-9]*\):.*|$def:\1: a line of this list is $word(name), alone|"
	done <<<"$lists"
	find core losses datasets -name '*.def' | while read -r def; do
		grep -q "^$def " <<<"$lists"$'\n''losses/list.def ' || echo "$def:1: a list that tests/lint.sh does not know; add it to its lists"
	done
	grep -rnE --include='*.c' '^(static )?const struct lb_(info|'"$(cut -d' ' -f3 <<<"$lists" | sed 's/^lb_//' | paste -sd '|')"') \*?(const )?\w+\[' core losses datasets |
		grep -vE 'const struct lb_info \*(const )?lb_\w+\[(MOST \+ 1)?\]' | sed -E 's/^([^:]+:[0-9]+):.*/\1: a second list of components; each stands in its .def file alone/'
	sort losses/list.def 2>/dev/null | uniq -d | sed 's/^/losses\/list.def:1: twice: /'
}

# A header's name says what it is wherever it is included; the same file name twice is a trap in a debugger and in an editor.
# A command and the part of core that it drives share a name on purpose, as do the same loss of two kinds and the registries.
unique_names() {
	find core losses datasets tests/unit -name '*.[ch]' \( ! -path 'losses/*/*' -o -path 'losses/support/*' \) ! -name registry.c -printf '%f %p\n' | sort |
		awk '$1 == name { print $2 ":1: has the name of " path "; file names are unique" } { name = $1; path = $2 }'
	find cmd core losses datasets -name '*.h' -printf '%f %p\n' | sort |
		awk '$1 == name { print $2 ":1: has the name of " path "; header names are unique" } { name = $1; path = $2 }'
}

# A tag, or a function in a header, means one thing in the whole tree, whoever includes it. What a .c file keeps to itself has no lb_.
one_meaning() {
	{
		grep -rnE --include='*.[ch]' '^(struct|enum|union) lb_\w+ \{' cmd core losses datasets | sed -E 's/^([^:]+:[0-9]+):\w+ (lb_\w+) .*/tag \2:\1/'
		grep -rnE --include='*.h' '^static inline [^(]*\blb_\w+\(' cmd core losses datasets | sed -E 's/^([^:]+:[0-9]+):[^(]*\b(lb_\w+)\(.*/function \2:\1/'
	} | LC_ALL=C sort -t: -k1,2 -k3,3n |
		awk -F: '$1 == name { print $2 ":" $3 ": the " $1 " is something else in " place "; give one of them another name" } { name = $1; place = $2 ":" $3 }'
}

# The unit test of a file is found by the file's path.
tests_mirror() {
	local file folder
	find tests/unit -name 'test_*.c' | sort | while read -r file; do
		folder=${file#tests/unit/}
		[[ $folder == */* && -d ${folder%/*} ]] || echo "$file:1: stands in no folder of the sources; the test of DIR/NAME.c is tests/unit/DIR/test_NAME.c"
	done
}

sizes() {
	find cmd core losses datasets scripts \( -name '*.[ch]' -o -name '*.py' -o -name '*.sh' \) -exec awk '
		FNR == 501 { print FILENAME ":501: is longer than 500 lines" }' {} +
	find cmd core losses datasets -name '*.c' -exec awk '
		FNR == 1 { start = 0 }
		/^\{/ { start = FNR }
		/^\}/ && start { if (FNR - start - 1 > 60) print FILENAME ":" start ": a function of " FNR - start - 1 " lines; 60 are allowed"; start = 0 }' {} +
}

comment_width() {
	find cmd core losses datasets tests -name '*.[ch]' -exec awk '
		FNR == 1 { inside = 0 }
		{
			if (length($0) + 7 * gsub(/\t/, "\t") > 100 && ($0 ~ /^[ \t]*\/\*/ || inside)) {
				width = 0
				for (i = 1; i <= length($0); i++) width = substr($0, i, 1) == "\t" ? width + 8 - width % 8 : width + 1
				if (width > 100) print FILENAME ":" FNR ": a comment of " width " columns; 100 are allowed"
			}
			for (s = $0; match(s, /\/\*|\*\//); s = substr(s, RSTART + 2)) inside = substr(s, RSTART, 2) == "/*"
		}' {} +
}

finished() {
	grep -rnE '\b(TODO|FIXME|XXX|HACK)\b' --include='*.[ch]' --include='*.py' --include='*.sh' --include='*.def' cmd core losses datasets scripts |
		sed 's/$/   <- do it or drop it/'
}

rule 'layers: arrows go one way' may_include
rule 'no include circle' no_include_circle
rule 'a loss knows its contract and no other loss' losses_alone
rule 'cmd/ is free of precision' no_precision_in_cmd
rule 'nothing includes cmd/' nothing_includes_cmd
rule 'only cmd/ and core/base/log.c print or exit' quiet_below_cmd
rule 'every loss is registered' registered
rule 'every component is in one list' one_list
rule 'file names are unique' unique_names
rule 'a name means one thing' one_meaning
rule 'unit tests stand in the folders of the sources' tests_mirror
rule 'files under 500 lines, functions under 60' sizes
rule 'comments are 100 columns wide at most' comment_width
rule 'nothing is left undone' finished

# ---- with tools ----

shell_scripts() {
	command -v shellcheck >/dev/null || { echo 'tests/lint.sh:1: shellcheck is not installed (scripts/setup.sh check)'; return; }
	grep -rlE --exclude='*.md' '^#!.*\b(ba)?sh$|^# shellcheck shell=' scripts tests .ci 2>/dev/null | xargs shellcheck -x -P . -f gcc
}

c_sources() {
	command -v cppcheck >/dev/null || { echo 'tests/lint.sh:1: cppcheck is not installed (scripts/setup.sh check)'; return; }
	cppcheck --quiet --enable=warning,performance,portability --std=c11 --suppressions-list=tests/cppcheck.txt --inline-suppr -j "${JOBS:-2}" \
		-I. -D_GNU_SOURCE -DLB_REAL=64 --template='{file}:{line}: {severity}: {message} [{id}]' cmd core losses datasets
}

python_scripts() {
	local python=${PYTHON:-python3} dir
	[ -n "${PYTHON:-}" ] || [ ! -x /usr/bin/python3 ] || python=/usr/bin/python3
	dir=$(mktemp -d)
	find scripts tests -name '*.py' -print0 | PYTHONPYCACHEPREFIX=$dir xargs -0 "$python" -W error -m py_compile
	rm -r "$dir"
}

# Every external symbol of what is compiled twice carries its precision, or both objects would define it.
suffixes() {
	local bits found
	for bits in 32 64; do
		found=$(find "${BUILD:-build}/f$bits" -name '*.o' 2>/dev/null)
		[ -n "$found" ] || { echo "${BUILD:-build}/f$bits:1: nothing is built there; run make first"; continue; }
		# shellcheck disable=SC2086 # names without blanks
		nm -A --defined-only --extern-only $found | awk -v want="_f$bits" '
			substr($NF, length($NF) - 3) != want && $NF !~ /\.(resolver|avx2|avx512f|default)/ && $NF !~ "__" {
				print $1 "1: " $NF " lacks the suffix " want "; add its name to core/engine/names.h" }'
	done
}

# In the hot loops of the kernels no vector goes through the stack: of each function but four such moves, which a compiler makes before a loop.
hot_loops() {
	local object loops='tile_1|tile_2|transposed_1|transposed_2|column_sums|copy_columns|sparse_product|sparse_transposed|largest'
	command -v objdump >/dev/null || { echo 'tests/lint.sh:1: objdump is not installed (scripts/setup.sh build)'; return; }
	for object in "${BUILD:-build}"/f{32,64}/core/engine/kernels/kernels.avx{2,512}.o; do
		[ -f "$object" ] || continue # another processor's build
		objdump -d --no-show-raw-insn "$object" | awk -v object="$object" -v loops="^<($loops)>:$" '
			/^[0-9a-f]+ <.*>:$/ { name = $2; found += name ~ loops }
			name ~ loops && /[xyz]mm/ && /\(%[re](sp|bp)/ { moves[name]++ }
			END {
				for (name in moves)
					if (moves[name] > 4)
						print object ":1: " name " moves vectors " moves[name] " times by way of the stack"
				if (found != 9)
					print object ":1: " found " of 9 hot loops are found"
			}'
	done
}

# A function that no other file of the product or of the tests calls is static, or not needed.
called_elsewhere() {
	local symbols name tests
	symbols=$(find "${BUILD:-build}" -name '*.o' -not -path '*/tests/*' -exec nm {} +)
	[ -n "$symbols" ] || { echo "${BUILD:-build}:1: nothing is built there; run make first"; return; }
	tests=$(grep -rhoE --include='*.[ch]' '\blb_[a-z0-9_]+' tests | sed -E 's/_f(32|64)$//' | sort -u)
	printf '%s\n' "$symbols" | awk '
		NF < 2 { next }
		{ name = $NF; sub(/_f(32|64)$/, "", name) }
		$(NF - 1) == "U" { called[name] = 1 }
		$(NF - 1) == "T" && name !~ /^(main|_.*|.*\..*)$/ { defined[name] = 1 }
		END { for (name in defined) if (!(name in called)) print name }' | sort -u |
		comm -23 - <(printf '%s\n' "$tests") | while read -r name; do
			grep -rnE --include='*.c' "^[a-z].*\b$name\(" cmd core losses datasets | head -1 | sed -E "s/^([^:]*:[0-9]+):.*/\1: no other file calls $name; make it static or remove it/"
		done
}

if [ -z "$layers_only" ]; then
	rule 'a function is called from another file' called_elsewhere
	rule 'names of what is compiled twice' suffixes
	rule 'vectors of hot loops stay in registers' hot_loops
	rule 'shellcheck' shell_scripts
	rule 'cppcheck' c_sources
	rule 'Python compiles' python_scripts
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
