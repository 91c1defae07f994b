#!/usr/bin/env bash
# Builds lossbench for another processor, runs its unit tests in an emulator, and compares the results of its trainings with those of this
# processor byte by byte.
set -u

usage='Usage: tests/cross.sh PROCESSOR [NAME...]       (make check-arm: aarch64)

  PROCESSOR  aarch64
  NAME       sweeps of tests/same_as/list to compare (default: those that need no set of x86, in minutes)

Needs the cross compiler, qemu-user and the libraries of the processor; what is missing is said with the commands that install it.
Environment: JOBS (default 2). Exit codes: 0 all passed; 1 some failed; 2 the command line is wrong; 5 something is not installed.'

case ${1-} in
aarch64) debian=arm64 ;;
'' | -h | --help) printf '%s\n' "$usage"; [ -n "${1-}" ]; exit $((2 * $?)) ;;
*) echo "cross.sh: unknown processor '$1' (aarch64)" >&2; exit 2 ;;
esac
processor=$1 triplet=$1-linux-gnu build=build-$1 jobs=${JOBS:-2}
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
[ $# -gt 0 ] || set -- quickstart optimizers momentum double hidden stopping weights embedding lbfgs naive_bayes binary sparse multilabel regression mixed

cross() { PKG_CONFIG_LIBDIR=/usr/lib/$triplet/pkgconfig:/usr/share/pkgconfig "$@"; }
if ! command -v "$triplet-gcc" >/dev/null || ! command -v "qemu-$processor" >/dev/null || ! cross pkg-config --exists openblas yaml-0.1 libcjson check; then
	libraries=$(for l in libopenblas-dev libyaml-dev libcjson-dev zlib1g-dev nettle-dev liblbfgs-dev libbz2-dev liblzma-dev libzstd-dev check; do
		printf ' %s:%s' "$l" "$debian"
	done)
	printf '%s\n' "cross.sh: the tools for $processor are not all installed. On Debian:" "  dpkg --add-architecture $debian && apt-get update" \
		"  apt-get install --no-install-recommends qemu-user gcc-$triplet libc6-dev-$debian-cross$libraries" >&2
	exit 5
fi
cross make --no-print-directory -j"$jobs" BUILD="$build" CC="$triplet-gcc" "$build/lossbench" unit || exit 1
make --no-print-directory -j"$jobs" lossbench || exit 1

failed=0
export OPENBLAS_CORETYPE=
EMULATOR=qemu-$processor BUILD=$build CK_DEFAULT_TIMEOUT=600 TIMEOUT=1800 tests/run.sh --filter unit/ || failed=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf '#!/bin/sh\nexec qemu-%s "%s" "$@"\n' "$processor" "$PWD/$build/lossbench" >"$scratch/lossbench"
chmod +x "$scratch/lossbench"
LOSSBENCH=$scratch/lossbench tests/same_as.sh HEAD "$@" || failed=1
exit $failed
