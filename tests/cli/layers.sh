#!/usr/bin/env bash
# The rules of who may include whom, kept by the sources, and noticed when broken.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

assert_exit 0 "$LB_ROOT/tests/lint.sh" --layers
[[ $(tail -n 1 <<<"$out") =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]] || fail "last line: $out"
assert_exit 2 "$LB_ROOT/tests/lint.sh" --layer

# A small project of the same shape, right at first.
mkdir -p tests/unit scripts cmd core/{base,numeric,config,model,optim,metrics,train,run} losses/{multiclass,binary} datasets
cp "$LB_ROOT/tests/lint.sh" tests/
include() { printf '#include "%s"\n' "$@"; }
include cmd/cmd.h core/run/run.h >cmd/main.c
touch cmd/cmd.h core/base/err.h core/run/run.h losses/loss_info.h datasets/csv_scan.h losses/binary/sigmoid.h losses/multiclass/softmax.h
printf 'void f(void)\n{\n\tfprintf(stderr, "x");\n}\n' >core/base/log.c
include core/base/err.h >core/numeric/real.h
include core/numeric/real.h losses/loss_info.h >losses/loss.h
include losses/loss_info.h >datasets/dataset.h
include losses/loss.h datasets/dataset.h >core/train/trainer.c
include core/train/train.h >core/run/run.c
include losses/loss.h losses/multiclass/softmax.h >losses/multiclass/ce.c
include datasets/csv_scan.h >datasets/csv.c
echo 'LOSS(multiclass, ce)' >losses/list.def
assert_exit 0 tests/lint.sh --layers
assert_eq "$(tail -n 1 <<<"$out")" '9 passed, 0 failed'

# breaks FILE LINE TEXT [RULES]: with that line at the end of the file, so many rules (1) are broken and the text is said.
breaks() {
	local before
	before=$(cat "$1" 2>/dev/null || true)
	printf '%s\n' "$2" >>"$1"
	assert_exit 1 tests/lint.sh --layers
	grep -qE "^[a-z_/]+\.[a-z]+:[0-9]+:" <<<"$out" || fail "no place in: $out"
	assert_contains "$out" "$3"
	assert_eq "$(tail -n 1 <<<"$out")" "$((9 - ${4:-1})) passed, ${4:-1} failed"
	if [ -n "$before" ]; then printf '%s\n' "$before" >"$1"; else rm "$1"; fi
}
breaks core/train/trainer.c '#include "losses/multiclass/softmax.h"' 'includes losses/multiclass/softmax.h'
breaks core/train/trainer.c '#include "core/run/run.h"' 'includes core/run/run.h'
breaks core/run/run.c '#include "datasets/csv_scan.h"' 'includes datasets/csv_scan.h'
breaks core/base/log.c '#include "core/numeric/real.h"' 'includes core/numeric/real.h'
breaks losses/multiclass/ce.c '#include "losses/binary/sigmoid.h"' 'a loss includes losses/loss.h, core/ and losses/multiclass/'
breaks cmd/main.c '#include "core/numeric/real.h"' 'the command line knows no precision' 2
breaks core/run/run.h '#include "core/numeric/real.h"' 'core/run/run.h leads to core/numeric/real.h' 1
breaks core/base/log.c '#include "cmd/cmd.h"' 'only cmd/ may include cmd/' 2
breaks datasets/csv.c '	printf("found");' 'only cmd/ and core/base/log.c print or exit'
breaks core/train/trainer.c '	assert(x);' 'errors are returned'
breaks losses/multiclass/forgotten.c 'int x;' 'add LOSS(multiclass, forgotten)'
breaks losses/list.def 'LOSS(binary, ghost)' 'there is no losses/binary/ghost.c'
breaks datasets/err.h 'int x;' 'file names are unique'
breaks core/run/run.c '/* TODO */' 'do it or drop it'
breaks core/run/run.c "$(printf '{\n'; seq 61; printf 'x;\n}')" 'a function of 62 lines'
assert_exit 0 tests/lint.sh --layers
