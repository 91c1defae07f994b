#!/usr/bin/env bash
# The test runner itself: what counts as passed, failed and skipped.
# shellcheck disable=SC2016 # the bodies of the made-up tests
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

mkdir -p tests/unit tests/cli tests/scripts build/unit
cp "$LB_ROOT/tests/run.sh" tests/
printf '#!/bin/sh\necho "lossbench 0"\n' >build/lossbench

unit() { touch "tests/unit/$1.c"; printf '#!/bin/sh\n%s\n' "$2" >"build/unit/$1"; }
cli() { printf '#!/bin/sh\n%s\n' "$2" >"tests/cli/$1.sh"; }
unit test_good 'echo "good: 3 passed, 0 failed"'
unit test_bad 'echo "bad: 2 passed, 1 failed"; exit 1'
unit test_crash 'kill -SEGV $$'
unit test_leak 'echo "leak: 2 passed, 0 failed"; exit 23'
touch tests/unit/test_unbuilt.c
cli plain 'lossbench >file && [ "$(ls)" = file ] && [ -x "$LB_BIN" ]'
cli wrong 'exit 1'
cli slow 'sleep 20'
cli skipped 'echo "SKIP: no reason"; exit 77'
cli mute 'exit 77'
cli exact 'echo one'; echo two >tests/cli/exact.out
cli status 'exit 3'; echo 3 >tests/cli/status.exit
cli globs 'printf "a 1\nb\nc\nend 22\n"; echo "bad: 7" >&2'
printf 'a ?\n...\nend *\n' >tests/cli/globs.out.glob; echo 'bad: [0-9]' >tests/cli/globs.err.glob
cli misglob 'printf "a\nb\n"'; printf 'a\n' >tests/cli/misglob.out.glob
cat >tests/scripts/test_py.py <<'PY'
import unittest

class Py(unittest.TestCase):
	def test_good(self):
		pass

	def test_bad(self):
		self.fail()

	@unittest.skip("not today")
	def test_skipped(self):
		pass
PY
chmod +x build/lossbench build/unit/* tests/cli/*.sh

run() { env -u BUILD -u UPDATE TIMEOUT="${TIMEOUT:-60}" tests/run.sh "$@"; }
last() { tail -n 1 <<<"$out"; }

assert_exit 1 run --filter unit/
assert_eq "$(last)" '7 passed, 4 failed'
assert_contains "$out" 'FAIL unit/test_unbuilt: not built'
TIMEOUT=5 assert_exit 1 run --filter cli/
assert_eq "$(last)" '3 passed, 5 failed, 1 skipped'
assert_contains "$out" 'skip cli/skipped: no reason'
assert_contains "$out" '| +one'
assert_contains "$out" '(timed out)'
assert_exit 1 run --filter scripts
assert_eq "$(last)" '1 passed, 1 failed, 1 skipped'
assert_contains "$out" "not today"
assert_exit 1 run --filter=test_bad
assert_exit 0 run --filter globs
assert_eq "$(last)" '1 passed, 0 failed'
assert_exit 2 run --filter nothing
assert_exit 2 run --wrong

UPDATE=1 TIMEOUT=60 assert_exit 0 tests/run.sh --filter exact
assert_eq "$(cat tests/cli/exact.out)" one
