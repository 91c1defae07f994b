#!/usr/bin/env bash
# scripts/fetch-data.sh without a network: from a folder, with damaged files, and where there is nothing.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

fetch=$LB_ROOT/scripts/fetch-data.sh
export LB_PACKAGE_DIR=$PWD/no-package

assert_exit 0 "$fetch" --list
assert_contains "$out" fashion-mnist
assert_exit 2 "$fetch"
assert_exit 2 "$fetch" imagenet
assert_contains "$err" "unknown data set 'imagenet'; there is: fashion-mnist"
assert_exit 2 "$fetch" fashion-mnist --dir

assert_exit 4 "$fetch" fashion-mnist --dir data --offline
assert_contains "$err" 'scripts/setup.sh data'
assert_exit 4 "$fetch" fashion-mnist --dir data --check
assert_contains "$err" 'missing  data/train-images-idx3-ubyte.gz'

# A page or a broken archive under the right name never gets into the folder.
mkdir mirror
for part in train t10k; do
	echo '<html>not found</html>' >mirror/$part-images-idx3-ubyte.gz
	echo words | gzip -n >mirror/$part-labels-idx1-ubyte.gz
done
assert_exit 4 "$fetch" fashion-mnist --dir data --from mirror
assert_contains "$err" 'not the published file'
assert_exit 4 "$fetch" fashion-mnist --dir data --from "file://$PWD/absent"
assert_eq "$(ls -A data)" ''

real=/usr/share/datasets/fashion-mnist
[ -d $real ] || skip "the rest needs the package dataset-fashion-mnist (scripts/setup.sh data)"
assert_exit 0 "$fetch" fashion-mnist --dir data --from file://$real
assert_contains "$out" 'Licence:  MIT'
[ ! -L data/t10k-labels-idx1-ubyte.gz ] || fail 'a mirror gives files, not links'
before=$(stat -c %i data/t10k-labels-idx1-ubyte.gz)
gzip -dc data/train-labels-idx1-ubyte.gz | head -c 60000 | gzip >cut.gz
mv cut.gz data/train-labels-idx1-ubyte.gz
assert_exit 4 "$fetch" fashion-mnist --dir data --check
assert_contains "$err" 'damaged  data/train-labels-idx1-ubyte.gz'
LB_PACKAGE_DIR=$real assert_exit 0 "$fetch" fashion-mnist --dir data --offline
[ -L data/train-labels-idx1-ubyte.gz ] || fail 'the package gives links'
assert_eq "$(stat -c %i data/t10k-labels-idx1-ubyte.gz)" "$before" 'a good file is left alone'
assert_exit 0 "$fetch" fashion-mnist --dir data --check
