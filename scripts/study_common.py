"""What the studies share. Standard library only."""
import json
import re
import subprocess
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

ROOT = Path(__file__).resolve().parent.parent
VERDICTS = {"Holds.": "Does not hold.", "holds": "does not hold", "Reproduces.": "Does not reproduce."}


class Run(NamedTuple):
    """How a study is made: what its make(run) gets."""
    name: str
    binary: str
    jobs: int
    out: Path                       # the folder of its page, for further files
    options: Dict[str, object]      # of its file, some set anew by --option

    def trained(self, config: str, folder: Path, sets: Sequence[str] = ()) -> List[dict]:
        return trained(self.binary, config, folder, self.jobs, sets)


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


def predictions(folder: Path, trial: dict) -> Path:
    return folder / "trials" / (trial["id"] + ".predictions.csv")


# ---- the claims of a page ----

WORDS = {"holds": "yes", "reproduces": "yes", "does not hold": "no", "does not reproduce": "no", "reproduces in part": "in part"}
BOLD = r"\*\*(%s)[.:]?\*\*:?\s*(.*)" % "|".join(sorted(WORDS, key=len, reverse=True))
AS_POINT = re.compile(r"- (.+?): " + BOLD, re.IGNORECASE)
AS_HEADING, BELOW = re.compile(r"### (?:\d+\. )?(.+)"), re.compile(BOLD, re.IGNORECASE)


class Claim(NamedTuple):
    says: str
    holds: str          # yes, in part, no
    figures: str        # what the page says of it


def claims_of(page: str) -> List[Claim]:
    """The claims that a page judges: points such as `- SENTENCE: **Holds.** FIGURES`, and headings with the verdict at the head of a paragraph
    below, of several in part where they differ."""
    found: List[Claim] = []
    heading = ""
    for line in page.splitlines():
        point, title, below = AS_POINT.match(line), AS_HEADING.match(line), BELOW.match(line)
        if line.startswith("#"):
            heading = title.group(1) if title else ""
        elif point:
            found.append(Claim(point.group(1), WORDS[point.group(2).lower()], point.group(3)))
        elif below and heading:
            found.append(Claim(heading, WORDS[below.group(1).lower()], below.group(2)))
    return joined(found)


def joined(found: Sequence[Claim]) -> List[Claim]:
    """One claim a sentence: it holds in part where it does so in one place alone."""
    out: Dict[str, Claim] = {}
    for c in found:
        before = out.get(c.says, c)
        out[c.says] = before if before is c else Claim(c.says, c.holds if c.holds == before.holds else "in part", before.figures + " " + c.figures)
    return list(out.values())


def answer_of(page: str) -> str:
    """The paragraph above the first section that answers the page's question, its verdict in bold."""
    above = page.split("\n## ")[0].splitlines()
    return next((line for line in above if "**" in line and not line.startswith(("|", "- ", "#"))), "")
