#!/usr/bin/env bash
# The command line: what is wrong is said with the nearest known word and code 2; --help fits a screen.
# shellcheck disable=SC2086 # command lines as words
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
config=$LB_ROOT/configs/smoke.yaml

wrong() { # COMMAND_LINE TEXT...
	local text
	assert_exit 2 lossbench $1
	assert_eq "$out" '' "standard output of $1"
	for text in "${@:2}"; do assert_contains "$err" "$text"; done
}

commands=$(lossbench --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
for command in train sweep report losses metrics data config init version; do
	grep -qx $command <<<"$commands" || fail "--help does not list $command"
done
for command in $commands; do
	case $command in report | plot | compare | best) continue ;; esac # the script's own help
	for help in --help -h; do
		assert_exit 0 lossbench $command $help
		assert_eq "$err" ''
		assert_contains "$out" "usage: lossbench $command"
		assert_contains "$out" 'example: '
		assert_between "$(wc -l <<<"$out")" 3 24 "lines of $command --help"
		assert_between "$(wc -L <<<"$out")" 10 110 "columns of $command --help"
	done
	wrong "$command --no-such-option" "$command: unknown option --no-such-option" "see lossbench $command --help"
done
for help in --help -h help; do
	assert_exit 0 lossbench $help
	for code in 0 1 2 3 4 5 130; do grep -qE "^ +$code  [a-z]" <<<"$out" || fail "exit code $code is not in $help"; done
	assert_between "$(wc -l <<<"$out")" 10 36 "lines of $help"
	assert_between "$(wc -L <<<"$out")" 10 110 "columns of $help"
done
for version in version --version 'version --json'; do
	assert_exit 0 lossbench $version
	assert_contains "$out" OpenBLAS
done

wrong '' 'usage: lossbench COMMAND'
wrong trian 'unknown command "trian"; did you mean "train"?'
wrong quantum 'unknown command "quantum"'
assert_lacks "$err" 'did you mean'
wrong "train --confg $config" 'unknown option --confg, did you mean --config'
wrong "sweep $config --job 2 --dryrun" 'did you mean --dry-run'
wrong "train -x" 'unknown option -x'
wrong train 'one config is needed'
wrong sweep 'one config is needed'
wrong "train a.yaml b.yaml" 'one config is needed'
wrong "train --config" '--config needs a value'
wrong "train -c" 'needs a value'
wrong "sweep $config --set" '--set needs a value'
wrong "sweep $config --jobs" '--jobs needs a value'
for jobs in 0 -1 two 1.5 99999999999999999999; do wrong "sweep $config --jobs=$jobs" "--jobs: found \"$jobs\", allowed: an integer in [1, 4096]"; done
wrong 'losses show' 'allowed: show NAME'
wrong 'losses shwo ce' 'found "shwo"'
wrong 'losses show ce more' 'allowed: '
wrong 'data' 'info FILE'
wrong 'data info' 'info FILE'
wrong 'config check' 'allowed: check FILE'
wrong "config chek $config" 'found "chek"'
wrong 'init' 'one data file is needed'
wrong 'metrics more' 'found "more"'
wrong 'version more' 'found "more"'
