#!/usr/bin/env bash
# Brings a data set that is too large to ship into datasets/, checked against its published checksums.
set -u -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 5
root=$(dirname "$here")
package_dir=${LB_PACKAGE_DIR:-/usr/share/datasets/fashion-mnist}

usage='Usage: scripts/fetch-data.sh fashion-mnist [--dir DIR] [--from URL|DIR] [--check] [--offline]
       scripts/fetch-data.sh --list

  --dir DIR        where to put the files (default: datasets/fashion-mnist)
  --from URL|DIR   take them from this mirror or folder only
  --check          only say whether the files are there and right
  --offline        use nothing but the files of an installed package
  --list           the data sets this script knows

Without --from: links to the files of the package dataset-fashion-mnist (installed if need be, Debian and Ubuntu), else a download.
Exit codes: 0 the files are there and right; 2 the command line is wrong; 4 they are not; 130 interrupted.'

urls=(
	http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
	https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion
)
# SHA-256 of the uncompressed bytes: the same whatever the compressor wrote into the gzip header.
files=(
	"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte.gz"
	"bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte.gz"
	"5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte.gz"
	"0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte.gz"
)
about='Fashion-MNIST: 60000 training and 10000 test images of 28 x 28 bytes, 10 classes.
Licence:  MIT, copyright (c) 2017 Zalando SE, https://tech.zalando.com
Citation: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms",
          arXiv:1708.07747, 2017. https://github.com/zalandoresearch/fashion-mnist'

say() { printf '%s\n' "$*" >&2; }
usage_error() { say "fetch-data.sh: $1 (--help shows the usage)"; exit 2; }
data_error() { say "fetch-data.sh: $*"; exit 4; }
have() { command -v "$1" >/dev/null 2>&1; }

sha256() { if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }

# good FILE SUM: a whole gzip file with these bytes in it.
good() {
	local sum
	[ -f "$1" ] && sum=$(gzip -dc "$1" 2>/dev/null | sha256) && [ "$sum" = "$2" ]
}

# The rows of `files` that are not yet right in $dir.
wanting() {
	local row
	for row in "${files[@]}"; do
		good "$dir/${row#* }" "${row% *}" || printf '%s\n' "$row"
	done
}

check() {
	local row name sum bad=0
	for row in "${files[@]}"; do
		name=${row#* } sum=${row% *}
		if good "$dir/$name" "$sum"; then say "ok       $dir/$name"
		elif [ -e "$dir/$name" ]; then say "damaged  $dir/$name"; bad=1
		else say "missing  $dir/$name"; bad=1
		fi
	done
	return $bad
}

# A link to each wanted file of the package, once it is seen to be right.
link_package() {
	local row name
	for row in "${rows_wanted[@]}"; do
		name=${row#* }
		good "$package_dir/$name" "${row% *}" || return 1
		ln -sf "$package_dir/$name" "$part/$name" && mv -f "$part/$name" "$dir/$name" || return 1
		say "$dir/$name -> $package_dir/$name"
	done
}

# get SOURCE FILE: SOURCE is a URL or a path.
get() {
	case $1 in
	file://*) [ -f "${1#file://}" ] && cp -- "${1#file://}" "$2" ;;
	*://*)
		if have curl; then
			curl --fail --location --silent --show-error --retry 2 --connect-timeout 20 --speed-limit 1000 --speed-time 60 -o "$2" "$1"
		elif have wget; then
			wget --quiet --tries=3 --timeout=60 -O "$2" "$1"
		else
			say "There is neither curl nor wget to download with; install one of them."
			return 1
		fi ;;
	*) [ -f "$1" ] && cp -- "$1" "$2" ;;
	esac </dev/null
}

# fetch_from BASE: every wanted file, each checked before it gets its name.
fetch_from() {
	local row name
	for row in "${rows_wanted[@]}"; do
		name=${row#* }
		good "$dir/$name" "${row% *}" && continue
		say "Fetching $1/$name"
		get "$1/$name" "$part/$name" || return 1
		if ! good "$part/$name" "${row% *}"; then
			say "$1/$name is not the published file (wrong checksum, or not gzip); it was thrown away."
			return 1
		fi
		mv -f "$part/$name" "$dir/$name" || return 1
	done
}

fetch() {
	local url
	if [ -n "$from" ]; then
		fetch_from "${from%/}" || data_error "could not get the files from $from. It must hold ${files[*]#* }" \
			"as published; or leave out --from."
		return
	fi
	link_package && return
	[ -n "$offline" ] && data_error "the package's files are not in $package_dir. With a network: scripts/setup.sh data, or" \
		"leave out --offline; or give a folder that holds the four files: --from DIR."
	if have apt-get; then
		"$here/setup.sh" data && link_package && return
		say "Downloading instead."
	fi
	for url in "${urls[@]}"; do
		fetch_from "$url" && return
	done
	data_error "no source worked (messages above). Check the network, or get the four files elsewhere and give their folder:" \
		"scripts/fetch-data.sh fashion-mnist --from DIR"
}

set_name='' dir=$root/datasets/fashion-mnist from='' mode=fetch offline=''
while [ $# -gt 0 ]; do
	case $1 in
	--dir | --from)
		[ -n "${2-}" ] || usage_error "$1 needs a value"
		if [ "$1" = --dir ]; then dir=${2%/}; else from=$2; fi
		shift ;;
	--check) mode=check ;;
	--offline) offline=1 ;;
	--list) printf 'fashion-mnist  60000 + 10000 images of 28 x 28, 10 classes, 31 MB, MIT\n'; exit 0 ;;
	-h | --help) printf '%s\n' "$usage"; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*)
		[ "$1" = fashion-mnist ] || usage_error "unknown data set '$1'; there is: fashion-mnist"
		set_name=$1 ;;
	esac
	shift
done
case $dir in -*) dir=./$dir ;; esac # no option of the commands that get it
case $from in -*) from=./$from ;; esac
[ -n "$set_name" ] || usage_error "which data set? there is: fashion-mnist"

if [ $mode = check ]; then
	check || data_error "the set is not complete; run: scripts/fetch-data.sh fashion-mnist"
	exit 0
fi
mkdir -p "$dir" || data_error "cannot make the folder $dir; give another with --dir."
part=$(mktemp -d "$dir/.part.XXXXXX") || data_error "cannot write to $dir; give another with --dir."
trap 'rm -rf "$part"' EXIT
trap 'exit 130' INT TERM
rows_wanted=()
while IFS= read -r row; do rows_wanted+=("$row"); done < <(wanting)
[ ${#rows_wanted[@]} -eq 0 ] || fetch
say "Fashion-MNIST is in $dir."
printf '%s\n' "$about"
