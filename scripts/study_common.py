"""What the studies share: what is trained, claims as they are declared, judged and read from a page. Standard library only."""
import json
import math
import operator
import re
import subprocess
from pathlib import Path
from string import Formatter
from typing import Callable, Dict, Hashable, List, NamedTuple, Sequence, TypeVar, Union

ROOT = Path(__file__).resolve().parent.parent
VERDICTS = {"Holds.": "Does not hold.", "holds": "does not hold", "Reproduces.": "Does not reproduce.", "reproduces.": "does not reproduce."}
LIMITS = {"at_least": operator.ge, "at_most": operator.le, "above": operator.gt, "below": operator.lt}


class Refused(ValueError):
    """A study that cannot be made, and why."""


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


def planned(config: Path, plan: Path, columns: Dict[str, Sequence[str]], grid: Dict[str, Sequence[object]]) -> str:
    """Writes the config with a sweep: columns whose values go together, row by row, and keys whose values are crossed with them."""
    plan.parent.mkdir(parents=True, exist_ok=True)
    lines = ["sweep:", "  zip:", *("    %s: [%s]" % (key, ", ".join(values)) for key, values in columns.items()),
             *("  %s: [%s]" % (key, ", ".join(map(str, values))) for key, values in grid.items())]
    plan.write_text(config.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")
    return str(plan)


def predictions(folder: Path, trial: dict) -> Path:
    return folder / "trials" / (trial["id"] + ".predictions.csv")


def remade(name: str, configs: Sequence[str]) -> str:
    """How a page begins: what made it and, where it is one, the config."""
    return "Remade by `make atlas STUDY=%s`; do not edit.%s" % (
        name, " Protocol: the header of [%s](../../../%s)." % (configs[0], configs[0]) if len(configs) == 1 else "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], align: str = "") -> List[str]:
    """In Markdown; align has an l or an r for each column, the first left and the others right unless it is given."""
    marks = {"l": " --- |", "r": " ---: |"}
    return ["| %s |" % " | ".join(head), "|" + "".join(marks[a] for a in align or "l" + "r" * (len(head) - 1)),
            *("| %s |" % " | ".join(row) for row in rows), ""]


Key = TypeVar("Key", bound=Hashable)


def best_trials(trials: Sequence[dict], key: Callable[[dict], Key], good: Callable[[dict], float]) -> Dict[Key, dict]:
    """Of the trials of each key, say a split, the first of those that are best: the chosen setting."""
    best: Dict[Key, dict] = {}
    for t in trials:
        if key(t) not in best or good(t) > good(best[key(t)]):
            best[key(t)] = t
    return best


def best_splits(values: Sequence[float], share: float, least: bool = False) -> List[float]:
    """Of one value a split the highest, or the least, this share of them: all of these meet a bar where so many splits do."""
    return sorted(values, reverse=not least)[:math.ceil(share * len(values))]


def value_of(trial: dict, part: str, metric: str, worst: float = 0.0) -> float:
    """The worst where the training diverged or the metric is undefined."""
    found = (trial["result"]["metrics"] or {}).get(part, {}).get(metric)
    return worst if found is None else found


def data_name(trial: dict) -> str:
    """The data file without its ending."""
    return Path(trial["config"]["data"]["train"]["path"]).name.replace(".csv.gz", "")


# ---- claims as they are declared, and judged ----

Number = Union[float, Sequence[float]]              # several: each of them is to meet the bar


class Bar(NamedTuple):
    of: str                                         # what is measured
    limits: Dict[str, float]                        # by their names in LIMITS

    def met(self, measured: Number) -> bool:
        numbers = measured if isinstance(measured, (list, tuple)) else [measured]
        if not numbers:
            raise Refused("found no number of '%s', allowed: one or more" % self.of)
        return all(bool(LIMITS[name](n, limit)) for n in numbers for name, limit in self.limits.items())


Measured = Union[Number, Dict[str, Number]]         # by the names of several bars


def measured_met(bars: Dict[str, Bar], measured: Measured) -> bool:
    given = measured if isinstance(measured, dict) else {"": measured}
    missing = [name for name in bars if name not in given]
    if missing:
        raise Refused("found no number of '%s', allowed: one for each of %s" % (bars[missing[0]].of, "; ".join(bar.of for bar in bars.values())))
    return all([bar.met(given[name]) for name, bar in bars.items()])


class Declared(NamedTuple):
    says: str                                       # the sentence; a {WORD} in it is what the script puts there
    bars: Dict[str, Bar]                            # by a name; "" where there is but one
    verdict: str = "Holds."
    each: str = ""                                  # of what the claim is judged one by one: it holds in part where some of these meet the bar
    compares: Dict[str, object] = {}                # what the script compares for it

    def met(self, measured: Measured) -> bool:
        extra = [name for name in measured if name not in self.bars] if isinstance(measured, dict) else []
        if extra:
            raise Refused("'%s': found a number of '%s', allowed: %s" % (self.says, extra[0], ", ".join(self.bars)))
        return measured_met(self.bars, measured)

    def judged(self, measured: Measured) -> str:
        """What a page says of it: its verdict in bold, or the opposite. With `each` a number for each of these, by their names."""
        if not self.each:
            return verdict(self.met(measured), self.verdict)
        return in_part([name for name, n in measured.items() if self.met(n)], len(measured), self.verdict)


def verdict(good: bool, word: str = "Holds.") -> str:
    return "**%s**" % (word if good else VERDICTS[word])


def in_part(met: Sequence[str], count: int, word: str = "Reproduces.", more: str = "") -> str:
    """Of a claim that is judged in several places: those in which it is met."""
    if len(met) in (0, count):
        return verdict(bool(met), word)
    return "**%s in part:** on %s%s." % (word.rstrip("."), "; ".join(met), more)


def filled(text: str, words: Dict[str, object]) -> str:
    try:
        return text.format(**words)
    except KeyError as missing:
        raise Refused("'%s': found no word for {%s}" % (text, missing.args[0])) from None


def pattern_of(says: str) -> str:
    """A regular expression of all sentences that a declared one can become."""
    return "".join(re.escape(text) + (".+?" if word is not None else "") for text, word, _, _ in Formatter().parse(says))


def undeclared(claims: Dict[str, Declared], page: str) -> List[str]:
    """What is wrong between the claims that a study declares and those that its page judges."""
    patterns = {key: pattern_of(c.says) for key, c in claims.items()}
    found = ["judges '%s', which is not declared" % c.says for c in claims_of(page) if not any(re.fullmatch(p, c.says) for p in patterns.values())]
    for line in page.splitlines():                  # of a point with several verdicts: the sentences before the second and those after it
        heads = re.split(r": \*\*(?:%s)[.:]?\*\*" % "|".join(WORDS), line, flags=re.IGNORECASE)[1:-1] if line.startswith("- ") else []
        found += ["judges '%s', which is not declared" % head.strip() for head in heads
                  if not any(re.search(r"[.:] %s$" % p, "." + head) for p in patterns.values())]
    return found + ["never judges the claim %s, '%s'" % (key, claims[key].says) for key, p in patterns.items()
                    if not re.search(r"(?m)(^- |^### (\d+\. )?|[.:*] )%s(: \*\*|$)" % p, page)]


# ---- the claims of a page ----

WORDS = {"holds": "yes", "reproduces": "yes", "does not hold": "no", "does not reproduce": "no", "reproduces in part": "in part", "holds in part": "in part"}
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
