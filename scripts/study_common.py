"""What the scripts of the studies share. Standard library only."""
import argparse
import json
import subprocess
from pathlib import Path
from typing import List, Sequence

ROOT = Path(__file__).resolve().parent.parent
VERDICTS = {"Holds.": "Does not hold.", "holds": "does not hold", "Reproduces.": "Does not reproduce."}


def arguments(text: str, name: str) -> argparse.ArgumentParser:
    """The options of all studies: --jobs, --out (results/reference/NAME), --binary."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "reference" / name)
    parser.add_argument("--binary", default=str(ROOT / "lossbench"))
    return parser


def trained(binary: str, config: str, folder: Path, jobs: int, sets: Sequence[str] = (), quiet: bool = False) -> List[dict]:
    """Sweeps and returns the records of that plan, in its order: other records in the folder, say of an older config, have no part."""
    words = ["--config", config] + [word for text in sets for word in ("--set", text)]
    subprocess.run([binary, "sweep", *words, "--jobs", str(jobs)] + ["--quiet"] * quiet, cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL if quiet else None)
    listed = subprocess.run([binary, "sweep", *words, "--list", "--quiet"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads((folder / "trials" / (line.split("\t")[0] + ".json")).read_text(encoding="utf-8")) for line in listed.splitlines()]


def verdict(good: bool, word: str = "Holds.") -> str:
    """What a page says of a claim: the word in bold, or its opposite in VERDICTS."""
    return "**%s**" % (word if good else VERDICTS[word])


def reproduces(good: bool) -> str:
    return verdict(good, "Reproduces.")


def write_page(out: Path, text: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(text, encoding="utf-8")
    print("written: %s" % (out / "README.md"))


def predictions(folder: Path, trial: dict) -> Path:
    return folder / "trials" / (trial["id"] + ".predictions.csv")
