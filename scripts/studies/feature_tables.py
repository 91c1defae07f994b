"""Writes tables of random bits with two labels, each of bits of its own, into results/learned-features: the majority of three bits, which a line
can tell, and the parity of three others, which it cannot. both.npz has the two labels; in majority.npz and parity.npz the other label is never there.
Needs NumPy."""
from pathlib import Path
from typing import Dict

import numpy

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "results" / "learned-features"
ROWS, BITS = 4000, 16
MAJORITY, PARITY = slice(0, 3), slice(3, 6)         # the bits that a label is made of


def labels(x: numpy.ndarray) -> Dict[str, numpy.ndarray]:
    return {"majority": (x[:, MAJORITY].sum(axis=1) > 1).astype(int), "parity": (x[:, PARITY].sum(axis=1) % 2).astype(int)}


def write(out: Path = OUT) -> None:
    out.mkdir(parents=True, exist_ok=True)
    x = numpy.random.default_rng(1).integers(0, 2, (ROWS, BITS)).astype(numpy.float32)
    of = labels(x)
    for name, told in {"both": list(of), **{name: [name] for name in of}}.items():
        numpy.savez(out / (name + ".npz"), X=x, y=numpy.stack([y * (label in told) for label, y in of.items()], axis=1))


if __name__ == "__main__":
    write()
