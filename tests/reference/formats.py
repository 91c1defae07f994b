#!/usr/bin/env python3
"""Writes tests/golden/formats/ and formats.json with NumPy, SciPy and scikit-learn: small files of every kind that lossbench reads, and
the values that these libraries read back from them. Run from the root of the project; the tests need none of these."""
import bz2
import gzip
import io
import json
import lzma
import struct
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import scipy.io.arff
import scipy.sparse
from numpy.lib import format as npy_format
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

FOLDER = Path("tests/golden/formats")
expected = {}


def flat(x):
    return [None if v != v else v for v in np.asarray(x, dtype=float).reshape(-1).tolist()]


def expect(name, x, y=None, **more):
    x = np.asarray(x)
    expected[name] = {"n": len(x), "d": x.size // len(x), "x": flat(x), **more}
    if y is not None:
        expected[name]["y"] = flat(y)


def npy(array, version=None, fortran=False):
    out = io.BytesIO()
    npy_format.write_array(out, np.asfortranarray(array) if fortran else array, version=version)
    return out.getvalue()


def write(name, data):
    (FOLDER / name).write_bytes(data)
    return name


def arrays():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 100, (5, 3))
    for code in "b1 i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8".split():
        for order in "<>" if code[1] != "1" else "|":
            x = (values % 2 if code == "b1" else values + (0.375 if code[0] == "f" else 0)).astype(order + code)
            if code[0] in "if":
                x[1, 2] = -x[1, 2]
            name = write(f"{code}-{'big' if order == '>' else 'little'}.npy", npy(x))
            expect(name, np.load(FOLDER / name))
    x = np.array([[6e-8, -6.1e-5, 65504], [1 / 3, -0.0, np.nan]], dtype="f2")
    expect(write("f2-edges.npy", npy(x)), x.astype(float))
    for version in (1, 0), (2, 0), (3, 0):
        x = rng.standard_normal((4, 2))
        expect(write(f"version{version[0]}.npy", npy(x, version)), x)
    x = rng.standard_normal((3, 2, 4)).astype("f4")
    expect(write("cube.npy", npy(x)), x)
    expect(write("cube-fortran.npy", npy(x, fortran=True)), x)
    x = rng.integers(-5, 5, (4, 3)).astype(">i2")
    expect(write("fortran-big.npy", npy(x, fortran=True)), x)
    expect(write("vector.npy", npy(np.arange(6))), np.arange(6))
    expect(write("old-python.npy", npy(x).replace(b"(4, 3)", b"(4L, 3L)").replace(b"}  ", b"}")), x)
    expect(write("gzip.npy.gz", gzip.compress(npy(x), mtime=0)), x)


class Unseekable(io.RawIOBase):
    """As when an archive is piped: local headers hold zeros, sizes follow the data."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def archives():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((6, 4)).astype("f4"), rng.integers(-1, 3, 6)
    np.savez(FOLDER / "stored.npz", X=x, y=y)
    expect("stored.npz", x, y)
    np.savez_compressed(FOLDER / "deflated.npz", embeddings=x, labels=y)
    expect("deflated.npz", x, y)
    np.savez(FOLDER / "unnamed.npz", x, y)
    expect("unnamed.npz", x, y)
    np.savez_compressed(FOLDER / "split.npz", X_train=x, y_train=y, X_test=x[:2] + 1, y_test=y[:2])
    expect("split.npz", x, y)
    np.savez(FOLDER / "alone.npz", whatever=x)
    expect("alone.npz", x)
    np.savez(FOLDER / "targets.npz", x=x, targets=np.column_stack([y, y / 4]))
    expect("targets.npz", x, np.column_stack([y, y / 4]))
    with open(FOLDER / "piped.npz", "wb") as file, zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as z:
        for name, array in ("X", x), ("y", y):
            with z.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy_format.write_array(member, array)
        z.comment = b"a comment with PK\5\6 in it"
    expect("piped.npz", x, y)
    zip64()


def zip64():
    """The end record's fields all say that the ZIP64 record is to be used, as in an archive of more than 4 GiB."""
    data = (FOLDER / "stored.npz").read_bytes()
    at = data.rindex(b"PK\5\6")
    n, size, offset = struct.unpack("<HII", data[at + 10:at + 20])
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, n, n, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    write("zip64.npz", data[:at] + end64 + locator + end)
    with np.load(FOLDER / "zip64.npz") as z:
        expect("zip64.npz", z["X"], z["y"])


def svmlight():
    rng = np.random.default_rng(3)
    x = scipy.sparse.random(8, 12, 0.3, random_state=4, format="csr", data_rvs=lambda n: np.round(rng.standard_normal(n), 4))
    x = x.toarray()
    x[0, 0], x[7, 11], x[5] = 0.1 + 0.2, -1e-300, 0
    x = scipy.sparse.csr_matrix(x)
    y, q = rng.integers(0, 3, 8), np.array([1, 1, 1, 4, 4, 7, 7, 7])
    for base in 0, 1:
        name = f"base{base}.svm"
        dump_svmlight_file(x, y, str(FOLDER / name), zero_based=not base, query_id=q, comment="Text, möglichst UTF-8")
        got, labels, group = load_svmlight_file(str(FOLDER / name), n_features=12, zero_based=not base, query_id=True)
        expect(name, got.toarray(), labels, qid=group.tolist(), base=base)
    counts = scipy.sparse.random(6, 9, 0.4, random_state=5, format="csr", data_rvs=lambda n: rng.integers(1, 200, n)).toarray()
    counts[5, 8] = 255
    counts = scipy.sparse.csr_matrix(counts)
    text = io.BytesIO()
    dump_svmlight_file(counts, rng.integers(0, 2, 6) * 2 - 1, text, zero_based=False)
    name = write("counts.svm.gz", gzip.compress(text.getvalue(), mtime=0))
    got, labels = load_svmlight_file(str(FOLDER / name), n_features=9, zero_based=False)
    expect(name, got.toarray(), labels, base=1)


def sparse_archives():
    """What scipy.sparse.save_npz writes; in three of them indices out of order, in one a cell given twice."""
    rng = np.random.default_rng(6)
    x = scipy.sparse.random(7, 11, 0.3, random_state=7, format="csr", data_rvs=lambda n: np.round(rng.standard_normal(n), 4))
    for kind, packed in ("csr", True), ("csc", True), ("coo", False):
        name = f"sparse-{kind}.npz"
        scipy.sparse.save_npz(FOLDER / name, x.asformat(kind), compressed=packed)
        expect(name, scipy.sparse.load_npz(FOLDER / name).toarray(), base=1)
    twice = scipy.sparse.coo_matrix(([1, 2, 4, -1], ([0, 2, 0, 1], [3, 1, 3, 0])), shape=(4, 5))
    scipy.sparse.save_npz(FOLDER / "sparse-twice.npz", twice)
    expect("sparse-twice.npz", twice.toarray(), base=1)
    back = scipy.sparse.csr_matrix((np.array([3, 1, 2], "u1"), [4, 0, 2], [0, 2, 2, 3]), shape=(3, 5))
    scipy.sparse.save_npz(FOLDER / "sparse-unsorted.npz", back)
    expect("sparse-unsorted.npz", back.toarray(), base=1)
    csr = dict(np.load(FOLDER / "sparse-csr.npz"))
    y = rng.integers(0, 3, 7)
    np.savez(FOLDER / "sparse-labelled.npz", y=y, **csr)
    expect("sparse-labelled.npz", x.toarray(), y, base=1)


def texts():
    x, words = np.arange(8).reshape(4, 2), ["no", "grün", "no", "\U0001F600"]
    for name, y in ("U", np.array(words)), ("big-U", np.array(words, ">U7")), ("S", np.char.encode(words, "utf-8")):
        np.savez(FOLDER / f"text-{name}.npz", X=x, y=y[:, None] if name == "S" else y)
        expect(f"text-{name}.npz", x, text=words)


def compressed():
    text = (FOLDER / "dense.arff").read_bytes()
    half = len(text) // 2
    for ending, pack in ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", zstd):
        write(f"dense.arff.{ending}", pack(text[:half]) + pack(text[half:]))
        expected[f"dense.arff.{ending}"] = expected["dense.arff"]


def zstd(data):
    return subprocess.run(["zstd", "-c", "--check"], input=data, stdout=subprocess.PIPE, check=True).stdout


ARFF = """% a comment
@RELATION 'two words'

@attribute 'sepal length' numeric
@ATTRIBUTE width REAL   % behind
@attribute n integer
@attribute kind {Iris-a, 'Iris b', c}
@data
5.1,3.5,?,Iris-a
% between
-4.9e-1, 3 , 7 ,'Iris b'

?,1,2,c
"""


def arff():
    write("dense.arff", ARFF.encode())
    plain = ARFF.replace("   % behind", "").replace("'Iris b'", "Iris_b").replace(" , ", ",").replace(" ,", ",")  # SciPy reads no more
    rows, meta = scipy.io.arff.loadarff(io.StringIO(plain))
    names = meta.names()
    expect("dense.arff", np.column_stack([rows[k] for k in names[:3]]), names=names,
           text=[v.decode().replace("_", " ") for v in rows["kind"]])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.iterdir():
        file.unlink()
    arrays()
    archives()
    svmlight()
    arff()
    sparse_archives()
    texts()
    compressed()
    Path("tests/golden/formats.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
