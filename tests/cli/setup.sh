#!/usr/bin/env bash
# scripts/setup.sh with a made-up package manager: nothing is installed here.
# shellcheck disable=SC2016 # the bodies of the made-up tools
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

setup=$LB_ROOT/scripts/setup.sh
mkdir bin
for tool in sh env awk cut grep sed tr mktemp rm tail cat; do ln -s "$(command -v $tool)" bin/; done
tool() { printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"; chmod +x "bin/$1"; }
tool id 'echo 0'
run() { PATH=$PWD/bin CC=false "$setup" "$@"; }

# Without apt-get: the names for every system, and nothing else happens.
assert_exit 5 run build
assert_contains "$err" 'Debian, Ubuntu:   apt-get install gcc make pkg-config libopenblas-dev libyaml-dev libcjson-dev zlib1g-dev'
assert_contains "$err" 'dnf install gcc make pkgconf-pkg-config openblas-devel'
assert_contains "$err" 'brew install gcc make pkgconf openblas'
assert_eq "$out" ''

# Everything installed but two; the first attempt fails, as without package lists, so they are fetched once.
tool dpkg-query 'for p; do case $p in -*|libyaml-dev|jq) ;; *) echo "$p installed" ;; esac; done'
tool apt-get 'echo "$DEBIAN_FRONTEND $*" >>calls; case "$*" in *update) echo >lists ;; esac; [ -f lists ]'
assert_exit 0 run build --list
assert_eq "$out" libyaml-dev
assert_exit 0 run check
assert_contains "$err" 'Missing packages: libyaml-dev jq'
assert_eq "$(cut -d' ' -f1,4- calls)" 'noninteractive install -y --no-install-recommends libyaml-dev jq
noninteractive update
noninteractive install -y --no-install-recommends libyaml-dev jq'

# The set of make check-full is that of make check, and Slurm.
tool dpkg-query 'for p; do case $p in -*|libyaml-dev|jq|slurm-client) ;; *) echo "$p installed" ;; esac; done'
assert_exit 0 run full --list
assert_eq "$out" 'libyaml-dev
jq
slurm-client'
tool dpkg-query 'for p; do case $p in -*|libyaml-dev|jq) ;; *) echo "$p installed" ;; esac; done'

# With package lists there is no update; without root it goes through sudo.
rm calls
tool id 'echo 1000'
tool sudo 'echo "sudo $1" >>calls; exec "$@"'
assert_exit 0 run
assert_eq "$(cut -d' ' -f1,4- calls)" 'sudo
noninteractive install -y --no-install-recommends libyaml-dev'

# An installation that fails says what to do.
tool apt-get 'echo "E: no network"; exit 100'
assert_exit 5 run
assert_contains "$err" 'E: no network'
assert_contains "$err" 'apt-get update && apt-get install --no-install-recommends libyaml-dev'
rm bin/sudo
assert_exit 5 run
assert_contains "$err" 'As root, run:'

# Nothing missing: not a word.
tool dpkg-query 'for p; do echo "$p installed"; done'
assert_exit 0 run check
assert_eq "$out$err" ''
assert_exit 2 run everything
