#!/usr/bin/env bash
# The kernels that OpenBLAS runs with: --blas-kernel, a user's own setting, proofs in a child process and their memory, and a library
# that chooses badly, crashes or computes wrongly with a set (stood in for by a preloaded one).
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

unset OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS LD_PRELOAD
export XDG_CACHE_HOME=$PWD/cache
memory=cache/lossbench/blas-proofs
blas() { json - ".blas.$1" <<<"$out"; } # of the last `version --json`
# Drops variables that this machine sets for every program, such as OPENBLAS_L2_SIZE, from an environment as the record tells it.
mine() { jq -c '{OPENBLAS_CORETYPE} | del(.. | nulls)'; }
version() { assert_exit 0 lossbench version --json "$@"; }

# What may be chosen here, best first, is what a wrong name is answered with.
assert_exit 2 lossbench version --blas-kernel Hasswel
assert_contains "$err" '--blas-kernel: found "Hasswel", allowed on this processor: auto, library'
IFS=', ' read -ra names <<<"$(sed 's/.*processor: //; s/;.*//' <<<"$err")"
best=${names[2]-}
[ "$(uname -m)" != x86_64 ] || assert_contains "${names[*]}" Nehalem
case "${names[*]}" in *Haswell*) assert_contains "$err" 'did you mean Haswell?' ;; esac
assert_exit 2 lossbench version --blas-kernel
assert_contains "$err" '--blas-kernel needs a value'

version --blas-kernel library
own=$(blas kernel)
assert_eq "$(blas asked)" library
[ ! -e cache ] || fail 'the library itself is not proven'

# train and sweep record what ran and why.
cat >c.yaml <<YAML
task: multiclass
data:
  train: {path: $LB_ROOT/datasets/samples/iris.csv.gz, label: label}
  split: {train: 0.6, valid: 0.2, test: 0.2}
loss: {name: ce}
train: {epochs: 2}
output: {dir: r}
YAML
record() { cat r/trials/*.json; } # the only one
for command in 'train --config c.yaml' 'sweep c.yaml --jobs 2'; do
	for kernel in library auto; do
		rm -rf r
		# shellcheck disable=SC2086 # several words
		assert_exit 0 lossbench $command --quiet --blas-kernel $kernel
		record >record.json
		assert_eq "$(json record.json .run.blas.asked)" $kernel
		assert_eq "$(json record.json .run.blas.environment | mine)" '{}' 'variables of the user'
		assert_eq "$(json record.json '.run.command[1]')" "${command%% *}"
		assert_contains "$(json record.json .run.command)" "\"$kernel\""
	done
	# shellcheck disable=SC2086
	assert_exit 2 lossbench $command --blas-kernel nosuch --set output.dir=none
	[ ! -e none ] || fail 'a wrong name left a folder'
done

# What does not train proves nothing and is quick.
rm -rf cache
for command in losses metrics 'config check c.yaml' 'sweep c.yaml --list' 'sweep c.yaml --dry-run' '--help'; do
	# shellcheck disable=SC2086
	assert_exit 0 lossbench $command
done
[ ! -e cache ] || fail 'a command that does not train looked for kernels'

# A user's own setting stays, and is on record.
for name in Prescott nosuch; do
	OPENBLAS_CORETYPE=$name version
	assert_eq "$(blas asked)" environment
	assert_eq "$(blas library_choice)" null
	assert_contains "$(blas why)" "OPENBLAS_CORETYPE is set to $name"
	assert_eq "$(blas environment | mine)" "{\"OPENBLAS_CORETYPE\":\"$name\"}"
done
assert_contains "$err" 'warning: OPENBLAS_CORETYPE: found "nosuch", which this OpenBLAS does not have'
OPENBLAS_CORETYPE='' version
assert_eq "$(blas asked)" auto 'with an empty variable'

if [ "$(uname -m)" != x86_64 ]; then
	assert_eq "${names[*]}" 'auto library'
	skip 'not an x86 processor: there are no sets to choose from; the rest passed'
fi

# A set by name: proven once, then remembered; the environment stays the user's; a setting gives way to the option.
for other in "${names[@]:2}"; do [ "$other" = "$own" ] || break; done
for variable in '' Prescott; do
	rm -rf cache
	for _ in 1 2; do
		if [ -n "$variable" ]; then export OPENBLAS_CORETYPE=$variable; fi
		version --blas-kernel "${other,,}"
		unset OPENBLAS_CORETYPE
		assert_eq "$(blas kernel)" "$other"
		assert_eq "$(blas asked)" "$other"
		assert_eq "$(blas environment | mine)" "{${variable:+\"OPENBLAS_CORETYPE\":\"$variable\"}}"
		assert_eq "$(cut -f 2,3 $memory)" "$other	ok"
	done
done

# A memory that says no is believed; one that is no memory, or of another processor, is not.
sed -i 's/ok$/it crashed (so it says)/' $memory
assert_exit 5 lossbench version --blas-kernel "$other"
assert_contains "$err" "--blas-kernel: $other gives wrong products or fails on this machine: it crashed (so it says); use auto"
line=$(sed 's/\t.*//' $memory)
for text in "x$line	$other	it crashed" "$line	${other}X	it crashed" "$line" "$(head -c 3000 "$LB_BIN" | base64 -w 0)"; do
	printf '%s\n' "$text" >$memory
	version --blas-kernel "$other"
	assert_eq "$(blas kernel)" "$other"
	assert_eq "$(cut -f 2,3 $memory | head -n 1)" "$other	ok"
done
head -c 3000 "$LB_BIN" >$memory
version --blas-kernel "$other"
assert_eq "$(find cache -type f)" $memory 'files of the memory'

# A memory that cannot be written costs nothing but the proof.
for place in /proc/nowhere "$PWD/c.yaml" relative; do
	XDG_CACHE_HOME=$place version --blas-kernel "$other"
	assert_eq "$(blas kernel)" "$other"
done
[ ! -e relative ] || fail 'a relative XDG_CACHE_HOME counts as none'
env -u HOME -u XDG_CACHE_HOME lossbench version --blas-kernel "$other" >text || fail 'without HOME'
assert_contains "$(cat text)" "kernel $other"
HOME=$PWD env -u XDG_CACHE_HOME lossbench version --blas-kernel "$other" >text
[ -s .cache/lossbench/blas-proofs ] || fail 'no memory in ~/.cache'

# The proof by itself, and one that cannot hold.
assert_exit 0 lossbench version --prove "$own"
assert_contains "$out" 'products right in both precisions'
assert_exit 5 lossbench version --prove Abacus
assert_contains "$err" "this OpenBLAS has no set Abacus; it runs $own"

# A guard that another process left behind means nothing.
LOSSBENCH_BLAS=$'1\tauto\tX\tnonsense' version
assert_lacks "$(blas why)" nonsense

# As a parent that ignores its children starts it.
rm -rf cache
(trap '' CHLD; exec lossbench version --blas-kernel "$other") >text
assert_contains "$(cat text)" "kernel $other"

# The same bytes on every run with one set.
for dir in a b; do assert_exit 0 lossbench train c.yaml --quiet --blas-kernel "$other" --set output.dir=$dir; done
assert_same_results a b

# ---- a library that does not know this processor: it says Prescott, whatever runs, until a set is named ----
command -v "${CC:-cc}" >/dev/null || skip 'no compiler for the stand-in of a library; the rest passed'
cat >stand_in.c <<'C'
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char named[32], bad[32];
__attribute__((constructor)) static void look(void)
{
	const char *set = getenv("OPENBLAS_CORETYPE"), *with = getenv("STAND_IN_BAD");
	snprintf(named, sizeof named, "%s", set ? set : "Prescott");
	snprintf(bad, sizeof bad, "%s", with ? with : "");
}
char *openblas_get_corename(void) { return named; }
typedef void gemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
void cblas_dgemm(int o, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda, const double *b, int ldb,
		 double beta, double *c, int ldc)
{
	const size_t n_named = strlen(named);
	if (!strncmp(bad, named, n_named) && !strcmp(bad + n_named, " crashes"))
		raise(SIGILL);
	gemm *real;
	*(void **)&real = dlsym(RTLD_NEXT, "cblas_dgemm");
	real(o, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
	if (!strncmp(bad, named, n_named) && !strcmp(bad + n_named, " errs") && n % 8)
		c[n - 1] *= 1.001;
}
C
"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o stand_in.so stand_in.c -ldl
LD_PRELOAD=$PWD/stand_in.so lossbench version >text 2>&1 ||
	skip "a library cannot be preloaded here ($(head -n 1 text)); the rest passed"
choose() { LD_PRELOAD=$PWD/stand_in.so STAND_IN_BAD=${1-} version; }

rm -rf cache
for _ in 1 2; do
	choose
	assert_eq "$(blas kernel) $(blas asked) $(blas library_choice)" "$best auto Prescott"
	assert_contains "$(blas why)" "proven here; the library would run Prescott"
	assert_eq "$(blas environment | mine)" '{}'
	assert_eq "$(cut -f 2,3 $memory)" "$best	ok"
done
second=${names[3]-Prescott}
for way in 'crashes|it crashed (Illegal instruction)' 'errs|an entry is wrong by more than rounding explains'; do
	rm -rf cache
	for _ in 1 2; do
		choose "$best ${way%%|*}"
		assert_eq "$(blas kernel)" "$second"
		assert_contains "$(blas why)" "$best gave wrong products or crashed: "
		assert_contains "$(blas why)" "${way#*|}"
		assert_contains "$(cut -f 2,3 $memory)" "$best	"
	done
done

# Under valgrind the plain path runs.
command -v valgrind >/dev/null || skip 'valgrind is not installed; the rest passed'
rm -rf cache
assert_exit 0 valgrind --quiet lossbench version --json
assert_eq "$(blas why)" 'under valgrind the library chooses'
[ ! -e cache ] || fail 'a proof was made under valgrind'
