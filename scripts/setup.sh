#!/bin/sh
# Installs what lossbench needs and the system lacks (Debian, Ubuntu). Says nothing when nothing is missing.
set -u

usage='Usage: scripts/setup.sh [build|check|full|study|bench|data] [--list]

  build   compiler and libraries to build and run lossbench (the default)
  check   build, and what the tests and the lint need
  full    check, and Slurm with munge, which make check-full runs
  study   build, and what the scripts of the studies need
  bench   build, and the programs that make bench-peers compares with
  data    the full Fashion-MNIST, as a package
  --list  print the names of the missing packages and install nothing

Exit codes: 0 everything is there; 2 the command line is wrong; 5 something is missing and could not be installed.'

# set | Debian, Ubuntu | Fedora | Homebrew | a command that succeeds when the thing is there by other means
packages='
build|gcc|gcc|gcc|compile
build|make|make|make|have make
build|pkg-config|pkgconf-pkg-config|pkgconf|have pkg-config
build|libopenblas-dev|openblas-devel|openblas|library openblas cblas.h openblas
build|libyaml-dev|libyaml-devel|libyaml|library yaml-0.1 yaml.h yaml
build|libcjson-dev|cjson-devel|cjson|library libcjson cjson/cJSON.h cjson
build|zlib1g-dev|zlib-devel|zlib|library zlib zlib.h z
build|libisal-dev|isa-l-devel|isa-l|isal
build|libbz2-dev|bzip2-devel|bzip2|library bzip2 bzlib.h bz2
build|liblzma-dev|xz-devel|xz|library liblzma lzma.h lzma
build|libzstd-dev|libzstd-devel|zstd|library libzstd zstd.h zstd
build|nettle-dev|nettle-devel|nettle|library nettle nettle/sha2.h nettle
build|liblbfgs-dev|liblbfgs-devel|liblbfgs|library liblbfgs lbfgs.h lbfgs
build|librandom123-dev|Random123-devel|random123|header Random123/philox.h
build|python3|python3|python3|have python3
check|check|check-devel|check|library check check.h check
check|valgrind|valgrind|-|have valgrind
check|clang|clang|llvm|have clang
check|libclang-rt-dev|compiler-rt|-|sanitizer
check|python3-jsonschema|python3-jsonschema|-|module jsonschema
check|python3-yaml|python3-pyyaml|-|module yaml
check|jq|jq|jq|have jq
check|groff-base|groff-base|groff|have groff
check|shellcheck|ShellCheck|shellcheck|have shellcheck
check|cppcheck|cppcheck|cppcheck|have cppcheck
check|clang-tidy|clang-tools-extra|-|have clang-tidy
check|gcovr|gcovr|gcovr|have gcovr
check|python3-numpy|python3-numpy|numpy|module numpy
check|python3-scipy|python3-scipy|scipy|module scipy
check|python3-matplotlib|python3-matplotlib|python-matplotlib|module matplotlib
check|python3-jinja2|python3-jinja2|-|module jinja2
check|chromium|chromium|chromium|have chromium
check|chromium-driver|chromedriver|chromedriver|have chromedriver
check|parallel|parallel|parallel|have parallel
check|zsh|zsh|zsh|have zsh
full|slurmctld|slurm-slurmctld|-|sbin slurmctld
full|slurmd|slurm-slurmd|-|sbin slurmd
full|slurm-client|slurm|-|have sbatch
full|munge|munge|-|sbin munged
study|python3-matplotlib|python3-matplotlib|python-matplotlib|module matplotlib
study|python3-jinja2|python3-jinja2|-|module jinja2
study|python3-numpy|python3-numpy|numpy|module numpy
study|python3-scipy|python3-scipy|scipy|module scipy
study|python3-yaml|python3-pyyaml|-|module yaml
bench|python3-numpy|python3-numpy|numpy|module numpy
bench|python3-torch|python3-torch|-|module torch
bench|python3-sklearn|python3-scikit-learn|-|module sklearn
bench|python3-liblinear|python3-liblinear|-|module liblinearutil
data|dataset-fashion-mnist|-|-|test -f /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
'

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
sbin() { PATH=$PATH:/usr/sbin:/sbin have "$1"; }
compile() { echo 'int main(void) { return 0; }' | ${CC:-cc} -x c - "$@" -o /dev/null 2>/dev/null; }
header() { echo "#include <$1>" | ${CC:-cc} -E -x c - >/dev/null 2>&1; }
library() { pkg-config --exists "$1" 2>/dev/null || { header "$2" && compile "-l$3"; }; }
# Not on every processor; without it zlib does the same work in twice the time.
isal() { case $(uname -m) in x86_64 | aarch64 | arm64) library libisal isa-l.h isal ;; esac }
sanitizer() { CC=clang compile -fsanitize=address; }
module() { "$( [ -x /usr/bin/python3 ] && echo /usr/bin/python3 || echo python3 )" -c "import $1" 2>/dev/null; }

# The rows of the wanted set that the system has neither as a package nor otherwise.
missing_rows() {
	wanted=$(printf '%s' "$packages" | awk -F'|' -v set="$1" '$1 == set || (set ~ /^(check|full|study|bench)$/ && $1 == "build") || (set == "full" && $1 == "check")')
	# shellcheck disable=SC2016,SC2046 # dpkg-query fills in ${Package}; package names have no blanks
	installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $(printf '%s\n' "$wanted" | cut -d'|' -f2) 2>/dev/null |
		awk '$2 == "installed" { print $1 }')
	printf '%s\n' "$wanted" | while IFS='|' read -r set debian fedora brew probe; do
		printf '%s\n' "$installed" | grep -qxF -e "$debian" && continue
		$probe </dev/null && continue
		printf '%s|%s|%s|%s\n' "$set" "$debian" "$fedora" "$brew"
	done
}

names() { printf '%s\n' "$rows" | cut -d'|' -f"$1" | grep -vx -e - | tr '\n' ' ' | sed 's/ $//'; }

advise() {
	say "On this system there is no apt-get to install them with. Please install:"
	say "  Debian, Ubuntu:   apt-get install $(names 2)"
	[ -z "$(names 3)" ] || say "  Fedora:           dnf install $(names 3)"
	[ -z "$(names 4)" ] || say "  macOS, Homebrew:  brew install $(names 4)"
}

apt() {
	if [ "$(id -u)" = 0 ]; then
		DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60 "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=60 "$@"
	fi >>"$log" 2>&1 </dev/null
}

# The package lists are fetched only when the first attempt shows that they are absent or stale.
install_packages() {
	apt install -y --no-install-recommends "$@" && return
	apt update
	apt install -y --no-install-recommends "$@"
}

set=build list=
for arg; do
	case $arg in
	build | check | full | study | bench | data) set=$arg ;;
	--list) list=1 ;;
	-h | --help) printf '%s\n' "$usage"; exit 0 ;;
	*) say "setup.sh: unknown argument '$arg' (--help shows the usage)"; exit 2 ;;
	esac
done

rows=$(missing_rows "$set")
[ -n "$rows" ] || exit 0
if [ -n "$list" ]; then
	names 2 | tr ' ' '\n'
	exit 0
fi
say "Missing packages: $(names 2)"
if ! have apt-get; then
	advise
	exit 5
fi
if [ "$(id -u)" != 0 ] && ! have sudo; then
	say "They need root to install, and there is no sudo here. As root, run:"
	say "  apt-get install --no-install-recommends $(names 2)"
	exit 5
fi
log=$(mktemp) || exit 5
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
say "Installing them with apt-get ..."
# shellcheck disable=SC2046 # package names have no blanks
if ! install_packages $(names 2); then
	tail -n 15 "$log" >&2
	say "setup.sh: apt-get could not install them (its last lines are above). With a network and root rights, run:"
	say "  apt-get update && apt-get install --no-install-recommends $(names 2)"
	exit 5
fi
say "Done."
