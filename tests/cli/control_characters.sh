#!/usr/bin/env bash
# Control characters that a config, a name or a word brings along are shown as \xNN: they steer no terminal and hide nothing.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"
esc=$'\e' allowed='\n'

# shows TEXT STATUS COMMAND...: the command ends so, prints the text and no control character but line ends.
shows() {
	assert_exit "$2" "${@:3}"
	assert_contains "$out$err" "$1"
	! tr -d "$allowed" <<<"$out$err" | LC_ALL=C grep -q '[[:cntrl:]]' || fail "a control character is left: $(cat -v <<<"$out$err")"
}
printf 'a,y\n1,no\n1,yes\n2,yes\n3,no\n' >m.csv
config() { # LOSS MORE
	printf 'task: binary\noutput: {dir: out}\ndata: {train: {path: m.csv, label: y}}\nloss: %s\n%s\n' "$1" "$2" >c.yaml
}
config '"lo\x1b[31mg\n\t\u202e"' ''
shows 'c.yaml:4:7: loss.name: unknown loss "lo\x1b[31mg\x0a\x09\xe2\x80\xae"' 3 lossbench config check c.yaml
config logistic '"tr\x1bain": 3'
shows 'c.yaml:5:1: tr\x1bain: unknown key' 3 lossbench config check c.yaml
config logistic 'name: "a\x1b\x7fb"'
shows 'c.yaml:5:7: name: found "a\x1b\x7fb"' 3 lossbench config check c.yaml
config logistic ''
shows 'unknown loss "a\x1bb"' 3 lossbench config check c.yaml --set "loss=a${esc}b"
shows 'unknown command "inf\x1bo"' 2 lossbench "inf${esc}o"
shows 'no\x1bne.csv: cannot be opened' 4 lossbench data info "no${esc}ne.csv"
cp c.yaml "c${esc}.yaml"
printf 'train: {epochs: [}\n' >>"c${esc}.yaml"
shows 'c\x1b.yaml:6:' 3 lossbench config check "c${esc}.yaml"

# The list of a sweep.
printf 'a,y\n1,no\n1,y\033es\n2,y\033es\n3,no\n' >m.csv
config logistic 'sweep: {data.positive: [no, "y\x1bes"]}'
allowed='\n\t'
shows 'data.positive=y\x1bes' 0 lossbench sweep --list c.yaml
