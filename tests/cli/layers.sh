#!/usr/bin/env bash
# The rules of who may include whom, kept by the sources, and noticed when broken.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

assert_exit 0 "$LB_ROOT/tests/lint.sh" --layers
[[ $(tail -n 1 <<<"$out") =~ ^[1-9][0-9]*\ passed,\ 0\ failed$ ]] || fail "last line: $out"
assert_exit 2 "$LB_ROOT/tests/lint.sh" --layer

# A small project of the same shape, right at first.
mkdir -p tests/unit/core/{base,test_gone} scripts cmd core/{base,numeric,config,metrics,training,engine/{train,model/head},run} losses/{support,multiclass,binary} datasets/formats
cp "$LB_ROOT/tests/lint.sh" tests/
include() { printf '#include "%s"\n' "$@"; }
include cmd/cmd.h core/run/cohort_run.h >cmd/main.c
touch cmd/cmd.h core/base/err.h core/run/cohort_run.h losses/loss_info.h datasets/formats/csv_tokenizer.h losses/support/logistic_fn.h losses/support/softmax.h
printf 'void f(void)\n{\n\tfprintf(stderr, "x");\n}\n' >core/base/log.c
include core/base/err.h >core/engine/precision.h
include core/engine/precision.h losses/loss_info.h >losses/loss.h
include losses/loss_info.h >datasets/dataset.h
include losses/loss.h datasets/dataset.h >core/engine/train/trainer.c
include core/training/train.h >core/run/cohort_run.c
{ include losses/loss.h losses/support/softmax.h; echo 'const struct lb_loss LB_LOSS(multiclass, ce) = {'; } >losses/multiclass/ce.c
include datasets/formats/csv_tokenizer.h >datasets/formats/csv.c
echo 'LOSS(multiclass, ce)' >losses/list.def
assert_exit 0 tests/lint.sh --layers
assert_eq "$(tail -n 1 <<<"$out")" '14 passed, 0 failed'

# breaks FILE LINE TEXT: puts that line at the end of the file; what is then found shall say the text.
texts=() files=()
breaks() {
	local file
	for file in "${files[@]}"; do [ "$file" != "$1" ] || break; done
	[ "${file-}" = "$1" ] || { files+=("$1"); [ ! -e "$1" ] || cp "$1" "$1.before"; }
	printf '%s\n' "$2" >>"$1"
	texts+=("$3")
}
# found RULES: so many rules are broken by these lines, and each text is said, with a place. Then the lines are taken away.
found() {
	local text file
	assert_exit 1 tests/lint.sh --layers
	for text in "${texts[@]}"; do grep -F "$text" <<<"$out" | grep -qE "^[a-z_/]+\.[a-z]+:[0-9]+:" || fail "no place with '$text' in: $out"; done
	assert_eq "$(tail -n 1 <<<"$out")" "$((14 - $1)) passed, $1 failed"
	for file in "${files[@]}"; do if [ -e "$file.before" ]; then mv "$file.before" "$file"; else rm "$file"; fi; done
	texts=() files=()
}
breaks core/engine/train/trainer.c '#include "losses/support/softmax.h"' 'includes losses/support/softmax.h'
breaks core/engine/train/trainer.c '#include "core/run/cohort_run.h"' 'includes core/run/cohort_run.h'
breaks core/run/cohort_run.c '#include "datasets/formats/csv_tokenizer.h"' 'includes datasets/formats/csv_tokenizer.h'
include core/base/first.h >core/base/second.h
touch core/base/first.h
breaks core/base/first.c '#include "core/base/second.h"' 'core/base/second.h:1: includes core/base/first.h in a circle: core/base/first, core/base/second'
found 2
include core/base/third.h >core/base/fourth_internal.h
include core/base/second.h >core/base/third.c
breaks core/base/first_internal.h '#include "core/base/fourth.h"' 'core/base/first_internal.h:1: includes core/base/fourth.h in a circle'
found 1
breaks core/base/log.c '#include "core/engine/precision.h"' 'includes core/engine/precision.h'
touch losses/binary/other.h
breaks losses/multiclass/ce.c '#include "losses/binary/other.h"' 'a loss includes losses/loss.h, losses/support/ and core/'
breaks cmd/main.c '#include "core/engine/precision.h"' 'the command line knows no precision'
found 3
if [ -z "${LB_FULL:-}" ]; then
	echo 'eight planted faults were found; make check-full plants one for every rule'
	exit 0
fi
breaks core/run/cohort_run.h '#include "core/engine/precision.h"' 'core/run/cohort_run.h leads to core/engine/precision.h'
found 2
breaks core/base/log.c '#include "cmd/cmd.h"' 'only cmd/ may include cmd/' 2
breaks datasets/formats/csv.c '	printf("found");' 'only cmd/ and core/base/log.c print or exit'
breaks core/engine/train/trainer.c '	assert(x);' 'errors are returned'
found 3
breaks losses/multiclass/forgotten.c 'const struct lb_loss LB_LOSS(multiclass, forgotten) = {' 'add LOSS(multiclass, forgotten)'
breaks losses/multiclass/helper.c 'int x;' 'helpers stand in losses/support/'
breaks losses/list.def 'LOSS(binary, ghost)' 'no file of losses/binary/ defines ghost'
touch tests/unit/core/base/test_err.c
breaks tests/unit/core/test_gone/test_gone.c 'int x;' 'stands in no folder of the sources'
found 2
printf 'HEAD(linear)\n' >core/engine/model/head/list.def
printf 'const struct lb_head LB_HEAD(linear) = {\n' >core/engine/model/head/linear.c
printf 'METRIC(auc)\n' >core/metrics/list.def
printf 'RANKING(auc, true)\n' >core/metrics/ranking.c
breaks core/engine/model/head/forgotten.c 'const struct lb_head LB_HEAD(forgotten) = {' 'add the line HEAD(forgotten)'
breaks core/engine/model/head/list.def 'HEAD(linear)' 'linear is not once in core/engine/model/head/list.def'
breaks core/engine/model/head/list.def 'HEAD(ghost)' 'no file of core/engine/model/head/ defines ghost'
breaks core/engine/model/head/list.def 'HEAD(a) HEAD(b)' 'a line of this list is HEAD(name), alone'
breaks core/metrics/hidden.c 'static const struct lb_metric lb_metric_hidden = {' 'add the line METRIC(hidden)'
breaks core/metrics/ranking.c 'static const struct lb_metric others[] = {' 'a second list of components'
breaks core/training/others.def 'OTHER(x)' 'a list that tests/lint.sh does not know'
breaks losses/list.def 'LOSS(multiclass, ce)' 'twice: LOSS(multiclass, ce)'
found 1
breaks datasets/err.h 'int x;' 'file names are unique'
found 1
echo 'struct lb_model {' >core/base/err.h
breaks core/run/cohort_run.h 'struct lb_model {' 'core/run/cohort_run.h:1: the tag lb_model is something else in core/base/err.h:1'
found 1
breaks core/run/cohort_run.h 'enum lb_model {' 'core/run/cohort_run.h:1: the tag lb_model is something else in core/base/err.h:1'
found 1
echo 'static inline int lb_half(int x)' >core/base/err.h
breaks core/run/cohort_run.h 'static inline double lb_half(double x)' 'the function lb_half is something else in core/base/err.h:1'
found 1
breaks core/run/cohort_run.c "/* $(seq -s ' ' 40) */" 'a comment of 116 columns'
breaks core/run/cohort_run.c '/* TODO */' 'do it or drop it'
breaks core/run/cohort_run.c "$(printf '{\n'; seq 61; printf 'x;\n}')" 'a function of 62 lines'
found 3
assert_exit 0 tests/lint.sh --layers
