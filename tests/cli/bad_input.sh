#!/usr/bin/env bash
# Files that cannot be used, for each reader and for YAML: one message that names the file and what is wrong, the right code, nothing
# written, and no more memory than a gigabyte of addresses (ulimit -v), however much the file promises.
. "${LB_ROOT:?is not set: run this by tests/run.sh}/tests/cli/lib.bash"

export OPENBLAS_NUM_THREADS=1 GOLDEN=$LB_ROOT/tests/golden/formats
mkdir bad
# Prints a case a line: file | code | texts of the message, divided by ' & '. `~` in a text stands for anything within the line.
"${PYTHON:-python3}" - >cases <<'PY'
import gzip, os, struct, zlib

golden = os.environ["GOLDEN"] + "/"


def case(name, data, texts, code=4):
    with open("bad/" + name, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    print(name, code, texts, sep="|")


def member(data):
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    return z.compress(data) + z.flush()


def read(name):
    with open(golden + name, "rb") as f:
        return f.read()


# Delimited text
case("empty.csv", "", "is empty")
case("header.csv", "a,b,label\n", "has a header but no rows of data")
case("ragged.csv", "a,b\n1,2\n3\n", ":3: & 1 field & 2 in line 1")
case("long.csv", "a,b\n1,2\n3,4,5\n", ":3: & 3 fields & 2 in line 1")
case("open.csv", 'a,b\n"1,2\n3,4\n', ":2: & quote")
case("nul.csv", b"a,b\n1,2\n3,\0\n", ":3: & NUL & byte 10")
case("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16 & iconv")
case("parquet", b"PAR1" + bytes(60) + b"PAR1", "is Parquet & pd.read_parquet")
case("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(60), "is a PNG image")
# One line of a gigabyte: members of a megabyte each.
case("line.csv.gz", member(b"a,b\n") + member(b"1" * (1 << 20)) * 1024, "longer than & the limit")
case("cells.csv.gz", member(b"1," * (1 << 19)) * 64, "columns, which is the limit")
# A bomb: eight gigabytes and more of rows in a few megabytes.
case("bomb.csv.gz", member(b"a,b\n") + member(b"1,2\n" * (1 << 18)) * 40, "more than 20000000 bytes uncompressed & raise data.max_bytes")
# gzip
whole = member(b"a,b\n" + b"1,2\n3,5\n" * 2000)
case("cut.csv.gz", whole[:-20], "gzip & damaged & ends in the middle")
case("crc.csv.gz", whole[:-8] + b"abcd" + whole[-4:], "gzip & damaged & incorrect data check")
case("length.csv.gz", whole[:-4] + b"abcd", "gzip & damaged & incorrect length check")
case("method.csv.gz", whole[:2] + b"\x01" + whole[3:], "gzip & damaged & unknown compression method")
case("tail.csv.gz", whole + b"tail", "gzip & damaged & something else after the end")
case("bits.csv.gz", whole[:40] + bytes([whole[40] ^ 0xFF, whole[41] ^ 0xFF]) + whole[42:], "gzip & damaged")
# IDX
case("cut.idx", struct.pack(">HBBI", 0, 8, 1, 10) + b"12345", "should have 10 bytes & ends after 5")
case("tail.idx", struct.pack(">HBBI", 0, 8, 1, 3) + b"12345", "2 bytes follow")
case("type.idx", struct.pack(">HBBI", 0, 7, 1, 3) + b"123", "byte 2 is 07")
case("flat.idx", struct.pack(">HBB", 0, 8, 0), "byte 3 is 0, expected 1 to 8")
case("head.idx", struct.pack(">HBBI", 0, 8, 3, 5), "should have 16 bytes")
case("huge.idx", struct.pack(">HBB4I", 0, 8, 4, *[0xFFFFFFFF] * 4), "promises 4294967295 rows")
case("huge2.idx", struct.pack(">HBB3I", 0, 14, 3, 0x7FFFFFFF, 0x40000, 0x40000), "promises 2147483647 rows")
case("dims.idx", struct.pack(">HBB", 0, 8, 255) + b"\0\0\0\1" * 255 + b"1", "255, expected 1 to 8")
# SVMlight
case("order.svm", "1 1:1\n2 3:1 2:1\n", ":2: & 2")
case("text.svm", "1 1:1\n2 2:one\n", ":2: & one")
case("index.svm", "1 1:1\n2 99999999999999999999:1\n", ":2:3: & larger than 1000000")
case("wide.svm", "1 1:1\n2 4000000000:1\n", ":2:3: & larger than 1000000")
case("minus.svm", "1 1:1\n2 -3:1\n", ":2:3: & -3:1")
case("label.svm", "1 1:1\nx 2:1\n", ":2: & x")
case("inf.svm", "1 1:1\n2 2:inf\n", ":2: & inf")
case("nul.svm", b"1 1:1\n2 2:\0\n", ":2: & NUL")
case("colon.svm", "1 1:1\n2 2:\n", ":2:3: & finite number")
# ARFF
head = "@relation r\n@attribute a numeric\n@attribute c {x,y}\n"
case("nodata.arff", head, "@data")
case("norows.arff", head + "@data\n", "no rows behind @data")
case("ragged.arff", head + "@data\n1,x\n2\n", ":6: & 2 attributes")
case("value.arff", head + "@data\n1,x\n2,z\n", ":6: & z")
case("number.arff", head + "@data\n1,x\ntwo,y\n", ":6: & two")
case("type.arff", head + "@attribute d numerc\n@data\n1,x,2\n", ":4: & numerc & did you mean numeric?")
case("sparse.arff", head + "@data\n{0 1, 7 x}\n", ":5: & 7")
case("open.arff", head + "@data\n{0 1, 1 x\n", ":5:10: & expected }")
case("nul.arff", head.encode() + b"@data\n1,\0\n", ":5: & NUL")


# NPY
def npy(text, data=b"", version=1):
    text = text.encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def head_of(descr="'<f8'", shape="(2, 2)", order="False"):
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape)


case("rows.npy", npy(head_of(shape="(1152921504606846976, 2)"), bytes(32)), "promises 1152921504606846976 rows")
case("product.npy", npy(head_of(shape="(4294967296, 4294967296)"), bytes(32)), "promises 4294967296 rows")
case("minus.npy", npy(head_of(shape="(-1, 2)"), bytes(32)), "byte 61 & -1, 2 & expected a size")
case("digits.npy", npy(head_of(shape="(99999999999999999999999999, 2)"), bytes(32)), "byte 79 & a size that is possible")
case("object.npy", npy(head_of(descr="'|O'"), bytes(32)), "|O")
case("record.npy", npy(head_of(descr="[('a', '<f8')]"), bytes(32)), "structured dtype")
case("complex.npy", npy(head_of(descr="'<c16'"), bytes(64)), "c16")
case("order.npy", npy(head_of(order="Maybe"), bytes(32)), "byte 44 & True or False")
case("keys.npy", npy("{'descr': '<f8', 'shape': (2, 2), }", bytes(32)), "fortran_order")
case("eval.npy", npy("__import__('os').system('touch owned')", bytes(32)), "byte 10 & expected a dictionary")
case("short.npy", npy(head_of(), bytes(31)), "should have 32 bytes & after 31")
case("more.npy", npy(head_of(), bytes(33)), "follow the 32 bytes")
case("length.npy", b"\x93NUMPY\2\0" + struct.pack("<I", 0xFFFFFFF0) + b"{}", "promises 4294967280 bytes")
case("version.npy", b"\x93NUMPY\7\0" + npy(head_of(), bytes(32))[8:], "version 1, 2 or 3")
case("cut.npy", b"\x93NUMPY\1", "should have 10 bytes")
case("inf.npy", npy(head_of(), struct.pack("<4d", 1, 2, float("inf"), 4)), "row 2, value 1 is infinite")
case("none.npy", npy(head_of(shape="(0, 2)")), "dimension 1 & size 0")

# NPZ
z = read("stored.npz")
d = read("deflated.npz")
case("cut.npz", z[:-30], "ZIP archive is damaged & end record")
case("half.npz", z[: len(z) // 2], "end record is missing")
case("end.npz", b"PK\5\6" + bytes(18), "the archive has none")
case("text.npz", "a,b\n1,2\n", "is not a ZIP archive & begins with 61 2c")
case("gzip.npz", gzip.compress(z), "is not a ZIP archive & begins with 1f 8b")
case("entries.npz", z[:-12] + b"\xff\xff\xff\x7f" + z[-8:], "does not fit")
case("offset.npz", z[:-6] + b"\xff\xff\xff\x7f" + z[-2:], "does not fit")
at = d.index(b"PK\1\2")
case("size.npz", d[: at + 24] + b"\xf0\xff\xff\x7f" + d[at + 28 :], "less than the directory says")
case("crc.npz", d[: at + 16] + b"abcd" + d[at + 20 :], "CRC-32 is wrong")
case("method.npz", d[: at + 10] + b"\x63\0" + d[at + 12 :], "other than deflate")
case("secret.npz", d[: at + 8] + b"\1\0" + d[at + 10 :], "encrypted")
at = d.index(b"X.npy") if b"X.npy" in d else 40
case("bits.npz", d[: at + 40] + b"\xff\xff\xff" + d[at + 43 :], "damaged")

# YAML
good = "task: multiclass\ndata: {train: {path: x.csv, label: label}}\nloss: {name: ce}\n"
case("nul.yaml", good.encode() + b"name: a\0b\n", ":4:8: & NUL", 3)
case("utf8.yaml", good.encode() + b"name: a\xffb\n", ":4:8: & UTF-8", 3)
case("overlong.yaml", good.encode() + b"name: \xc0\xaf\n", ":4:7: & UTF-8", 3)
case("deep.yaml", good + "name: " + "[" * 2000 + "]" * 2000 + "\n", "nested more than 32 deep", 3)
case("laughs.yaml", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ":1: & anchor", 3)
case("large.yaml", good + "# " + "x" * (2 << 20), "larger than the 1024 KiB allowed", 3)
case("line.yaml", good + "name: " + "x" * (1 << 19) + "\n", ":4:7: name: & 1 to 200 bytes", 3)
case("huge.yaml", good + "train: {epochs: 1e400, batch: 99999999999999999999999}\n", "train.epochs & train.batch", 3)
case("minus.yaml", good + "train: {epochs: -1}\n", "train.epochs: found -1", 3)
case("nan.yaml", good + "optimizer: {name: sgd, lr: .nan}\n", "optimizer.lr", 3)
case("open.yaml", good + 'name: "x\n', ":4:7: & not closed", 3)
case("tab.yaml", good + "train:\n\tepochs: 1\n", ":5:1:", 3)
case("trials.yaml", good + "sweep: {train.seed: {from: 1, to: 1000000000}}\n", ":4:21: & 1000000000 values, allowed: at most 100000 in a list", 3)
case("list.yaml", "- a\n- b\n", ":1:1: & a block of keys", 3)
case("gzip.yaml", whole, "UTF-8", 3)
PY

limit=1048576
if sanitized; then
	limit=unlimited
	echo 'without the limit of addresses, which the sanitizers need themselves'
fi

# refused FILE CODE TEXTS COMMAND...
refused() {
	local file=$1 texts=$3 text said status=0
	(
		ulimit -v "$limit"
		exec timeout 240 lossbench "${@:4}"
	) >out 2>err || status=$?
	said=$(<err)
	[ "$status" = "$2" ] || { failures+="$file: status $status, expected $2: ${said:0:600}"$'\n' && return; }
	[ ! -s out ] || failures+="$file: printed $(head -n 3 out)"$'\n'
	[[ $2 = 3 || $said != *$'\n'* || $file = parquet ]] || failures+="$file: several lines: ${said:0:600}"$'\n'
	[ ${#said} -gt 0 ] && [ ${#said} -lt 9000 ] || failures+="$file: a message of ${#said} bytes"$'\n'
	[[ $said == *"bad/$file"* ]] || failures+="$file: is not named in: ${said:0:600}"$'\n'
	while read -r text; do
		[[ $said == *"$text"* ]] || failures+="$file: '$text' is not in: ${said:0:600}"$'\n'
	done <<<"${texts// & /$'\n'}"
	[ "$(echo *)" = "$before" ] || failures+="$file: wrote $(echo *)"$'\n'
	[ -z "${VERBOSE:-}" ] || head -c 300 err >&3
}

exec 3>&2
touch out err
before=$(echo *) failures='' n=0
while IFS='|' read -r file code texts; do
	n=$((n + 1))
	if [ "$code" = 3 ]; then
		refused "$file" 3 "$texts" config check "bad/$file"
	else
		more=()
		[ "$file" != bomb.csv.gz ] || more=(--set data.max_bytes=20000000)
		refused "$file" 4 "$texts" data info "bad/$file" "${more[@]}"
	fi
done <cases

# What is no file of bytes, under the name of every format.
for kind in folder pipe device absent; do
	for ending in csv csv.gz idx svm arff npy npz yaml; do
		file=$kind.$ending n=$((n + 1))
		case $kind in
		folder) mkdir "bad/$file" ;;
		pipe) mkfifo "bad/$file" ;;
		device) ln -s /dev/zero "bad/$file" ;;
		esac
		if [ $ending != yaml ]; then
			refused "$file" 4 '' data info "bad/$file"
		elif [ $kind = folder ] || [ $kind = absent ]; then
			refused "$file" 3 '' config check "bad/$file"
		fi
	done
done
[ -z "$failures" ] || fail "$failures"
[ ! -e owned ] || fail 'a file was executed'
echo "$n files refused"
