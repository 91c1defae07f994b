#!/usr/bin/env bash
# gcc -fanalyzer and clang-tidy (its analyzer and bugprone checks) over the sources that handle what comes from outside. Prints what
# they find; the last line is a tally.
set -u

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
flags=(-std=c11 -D_GNU_SOURCE -DLB_REAL=64 -I.)
# shellcheck disable=SC2207 # flags have no blanks
flags+=($(pkg-config --cflags openblas yaml-0.1 libcjson zlib nettle 2>/dev/null))
for tool in gcc clang-tidy; do
	command -v $tool >/dev/null || { echo "$tool is not installed (scripts/setup.sh check)"; exit 1; }
done

# -fanalyzer, left out:
#   malloc-leak  it loses sight of memory that a struct owns when an error path leaves through one label; LeakSanitizer with the n-th
#                allocation failing (tests/cli/faults.sh) answers the same question by running it
#   use-of-uninitialized-value  gcc 12 takes arrays that a called function fills for unwritten; valgrind and the tests run them
analyzer=(-fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-too-complex)
# clang-tidy, left out: what is house style (swapped sizes in calls of like types, short names, magic numbers, narrow conversions that
# -Wconversion judges already, sizeof *p of an array of pointers, strcmp as a truth value,
# sums of sizes cast for printing, padding inside small tables) and insecureAPI, which asks for functions that the C library has not
# (memcpy_s).
checks='-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.*,-clang-analyzer-optin.performance.Padding,bugprone-*,-bugprone-easily-swappable-parameters'
checks+=',-bugprone-narrowing-conversions,-bugprone-implicit-widening-of-multiplication-result,-bugprone-reserved-identifier'
checks+=',-bugprone-macro-parentheses,-bugprone-suspicious-include,-bugprone-assignment-in-if-condition,-bugprone-branch-clone'
checks+=',-bugprone-sizeof-expression,-bugprone-suspicious-string-compare,-bugprone-misplaced-widening-cast'

# Findings that were looked at and are none, as FILE.*CHECK:
#   load.c      a node that lb_node_absent, of another file, says is there; the root of a config that was loaded; sets that are counted
#               only once there is room for them
#   param.c     room for the numbers of all lists is there before a list with a number is read
#   record.c    what a trained trial always has: its outcome, and a curve as long as its epochs
#   frame.c     a plan that was made has its names and roles
#   assemble.c  a stored value implies a column, so x.d is not 0
#   idx.c, npy.c  the element type of a header that was read; one that is not known ends the reading
#   npz.c, write.c  entries that are counted are there; a place is in the block or in a column
#   zip.c       bytes that read_at has filled, or it has failed
#   foreign.c   a search among six bytes, the NUL that ends their literal left out on purpose
#   losses_eval.c  the one stream that is not closed is stdin
null='(null-dereference|NullDereference)'
known="core/config/(load|param)\.c:.*$null|core/run/record\.c:.*$null|datasets/(frame|idx|npy|npz|write)\.c:.*$null"
known+='|datasets/assemble\.c:.*DivideZero|datasets/zip\.c:.*UndefinedBinaryOperatorResult'
known+='|datasets/foreign\.c:.*not-null-terminated|cmd/losses_eval\.c:.*analyzer-file-leak'

files=("$@")
[ $# -gt 0 ] || files=(core/base/*.c core/config/*.c core/run/*.c datasets/*.c cmd/*.c)
failed=0
for file in "${files[@]}"; do
	found=$({
		gcc "${flags[@]}" -O1 "${analyzer[@]}" -c -o /dev/null "$file" 2>&1 | grep -E 'warning:.*-Wanalyzer'
		clang-tidy --quiet --checks="$checks" "$file" -- "${flags[@]}" 2>/dev/null | grep -E 'warning:|error:'
	} | grep -vE "$known")
	[ -z "$found" ] || { printf '%s\n' "$found"; failed=$((failed + 1)); }
done
echo "$((${#files[@]} - failed)) files clean, $failed with findings"
[ $failed -eq 0 ]
