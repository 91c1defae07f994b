#!/usr/bin/env bash
# lossbench completion: what bash, zsh and fish offer comes from the program's own tables.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
installed
lossbench completion bash >bash.sh
bash -n bash.sh
# shellcheck source=/dev/null
. ./bash.sh

# offer WORD...: what bash offers for the last of the words.
offer() {
	COMP_WORDS=(lossbench "$@") COMP_CWORD=$#
	# shellcheck disable=SC2317 # called by what is tested
	compopt() { :; }
	_lossbench
	printf '%s\n' "${COMPREPLY[@]}"
}
commands=$(lossbench --help | sed -nE 's/^  ([a-z]+) +.*/\1/p' | sort)
assert_eq "$(offer '' | grep -v '^--' | sort)" "$commands" commands
assert_eq "$(offer swe)" sweep
for c in $commands; do
	want=$(COLUMNS=200 lossbench "$c" --help | sed -nE 's/^ *(-[a-z], *)?--([a-z-]+).*/\2/p' | sort -u)
	got=$(offer "$c" -- | sed 's/^--//' | sort)
	assert_eq "$(comm -23 <(echo "$want") <(echo "$got"))" '' "options of $c that are not offered"
done
assert_contains "$(offer sweep --set loss.)" loss.gamma=
assert_contains "$(offer sweep --set train.e)" train.epochs=
assert_eq "$(offer losses show label_sm)" label_smoothing
assert_contains "$(offer report --metric test.acc)" test.accuracy
assert_eq "$(offer config '' | sort | tr '\n' ' ')" 'check reference resolve schema '
touch mine.yaml
assert_eq "$(offer sweep --config mi)" mine.yaml
assert_eq "$(offer losses '' | sort | tr '\n' ' ')" 'build check eval new plot show '
assert_exit 2 lossbench completion csh
assert_contains "$err" 'allowed: bash, zsh or fish'

lossbench completion fish >lossbench.fish
assert_eq "$(sed -nE "s/^complete -c lossbench -n __fish_use_subcommand -f -a ([a-z]+) .*/\1/p" lossbench.fish | sort)" "$commands" 'commands in fish'
assert_contains "$(cat lossbench.fish)" "complete -c lossbench -n '__fish_seen_subcommand_from sweep' -l jobs -r -d 'worker processes; default: one a core'"
if command -v fish >/dev/null; then
	tell() { fish --no-config -c "source lossbench.fish; complete -C '$1'" | cut -f1; }
	assert_eq "$(tell 'lossbench swe')" sweep
	assert_contains "$(tell 'lossbench sweep --set loss.')" loss.gamma=
	assert_eq "$(tell 'lossbench losses show label_sm')" label_smoothing
	assert_contains "$(tell 'lossbench report --gro')" --group-by
fi

lossbench completion zsh >_lossbench
assert_contains "$(cat _lossbench)" '#compdef lossbench'
command -v zsh >/dev/null || skip 'zsh is not installed: its half is not tested'
zsh -f -n _lossbench
# The functions are run with the builtins of completion replaced by ones that print what they are given.
zsh -f -c '
	compdef() { :; }
	_describe() { print -l -- ${commands%%:*} }
	_arguments() { shift; print -rl -- $@ }
	compadd() { print -- $@ }
	source ./_lossbench
	words=(lossbench "") CURRENT=2; _lossbench >commands.txt
	words=(lossbench sweep "") CURRENT=3; _lossbench >sweep.txt
	words=(lossbench report "") CURRENT=3; _lossbench >report.txt
	_lossbench_keys >keys.txt'
assert_eq "$(sort commands.txt)" "$commands" 'commands in zsh'
assert_contains "$(cat sweep.txt)" '--jobs[worker processes; default\: one a core]:N:'
assert_contains "$(cat report.txt)" '--group-by['
assert_contains "$(cat keys.txt)" loss.gamma=
