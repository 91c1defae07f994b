#!/usr/bin/env bash
# make install: with what it puts under the prefix, and nothing of the checkout, the examples run in any folder; make uninstall takes all away.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
needs make

project() { make -s --no-print-directory -o lossbench -C "$LB_ROOT" BUILD="${LB_BIN%/*}" PREFIX="$PWD/prefix" "$@"; }
mkdir prefix work
echo "another's" >prefix/keep
project install >log 2>&1 || fail "make install: $(cat log)"
PATH=$PWD/prefix/bin:$PATH
export LOSSBENCH_PYTHON=${PYTHON:-python3}
assert_eq "$(command -v lossbench)" "$PWD/prefix/bin/lossbench"
cmp "$(command -v lossbench)" "$LB_BIN" || fail 'another program is installed'

# the manual: a page a command, which man finds by the program's place
for command in $(lossbench --help | sed -n 's/^  \([a-z][a-z]*\) .*/-\1/p') ''; do
	[ -s "prefix/share/man/man1/lossbench$command.1" ] || fail "lossbench$command(1) is not installed"
done
[ -s prefix/share/man/man5/lossbench-config.5 ] || fail 'lossbench-config(5) is not installed'

# the examples, copied as --help says
assert_eq "$(lossbench version --examples)" "$PWD/prefix/share/lossbench/examples"
cd work
eval "$(lossbench --help | grep '^    cp ')"
(cd datasets/samples && sha256sum --quiet -c SHA256SUMS) || fail 'the sample data are not those of the checkout'
assert_eq "$(find configs -type f | sort)" "$(cd "$LB_ROOT" && find configs -type f | sort)" 'configs'
assert_exit 0 lossbench sweep --config configs/quickstart.yaml --quiet --set train.epochs=1 --set train.seed=1 --set model=linear --set loss=ce,focal
assert_exit 0 lossbench report results/quickstart --format md
assert_contains "$out" '| focal'
while read -r file; do
	[ -s "$file" ] || fail "a config names $file, which is not installed"
done < <(grep -rhoE 'datasets/samples/[A-Za-z0-9_.-]*\.gz' configs | sort -u)
for config in configs/smoke.yaml configs/formula_loss.yaml configs/regression/*.yaml; do
	assert_exit 0 lossbench config check "$config"
done
cd ..

project uninstall >log 2>&1 || fail "make uninstall: $(cat log)"
assert_eq "$(find prefix -type f)" prefix/keep 'left over'
