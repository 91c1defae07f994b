"""A study as its file in scripts/studies declares it. Such a file has

    about: what it is of, in a few words       for lists
    configs: [configs/NAME/....yaml, ...]      what it trains
    cost: two minutes                          on two cores
    before: [COMMAND, ...]                     programs that write what it needs; none, unless named
    options: {NAME: VALUE, ...}                of its script, with their defaults; a comparison has one, its splits
    script: views                              scripts/studies/views.py makes the page; STUDY.py, unless named
    comparison: {...}                          or, in the place of a script, what is compared and what is claimed (study_comparison.py)

Needs PyYAML."""
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

import yaml

from study_common import ROOT
from study_comparison import Comparison, Refused, checked, comparison_of

FOLDER = ROOT / "scripts" / "studies"
KEYS = ("about", "configs", "cost", "before", "options", "script", "comparison")
NEEDED = ("about", "configs", "cost")
PAPERS, SETS = "papers", "sets"                     # the files in the same folder that are no studies


class Study(NamedTuple):
    name: str
    about: str
    configs: Sequence[str]
    cost: str
    before: Sequence[str] = ()
    options: Dict[str, object] = {}
    script: str = ""
    comparison: Optional[Comparison] = None

    def files(self) -> List[Path]:
        """What the page follows from, besides the program: when one of these changes, it is to be made anew."""
        source = [] if self.comparison else [FOLDER / (self.script + ".py")]
        return [FOLDER / (self.name + ".yaml"), *source, *(ROOT / c for c in self.configs)]


def read(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise Refused("%s: %s" % (path, error)) from error


def load(name: str, folder: Path = FOLDER) -> Study:
    path = folder / (name + ".yaml")
    told = checked(read(path), KEYS, NEEDED, str(path))
    missing = [c for c in told["configs"] if not (ROOT / c).is_file()]
    if missing:
        raise Refused("%s: found config %s, which is not there" % (path, missing[0]))
    if "comparison" in told and "script" in told:
        raise Refused("%s: found script and comparison, allowed: one of them" % path)
    comparison = comparison_of(told["comparison"], told["configs"][0], read(FOLDER / (SETS + ".yaml")), "%s: comparison" % path) \
        if "comparison" in told else None
    if comparison:
        if "options" in told:
            raise Refused("%s: found options, allowed: only with a script" % path)
        told["options"] = {"splits": comparison.plan.splits}
    study = Study(**{"script": name, **told, "name": name, "comparison": comparison})
    if not comparison and not (folder / (study.script + ".py")).is_file():
        raise Refused("%s: found neither a comparison nor a script %s.py" % (path, study.script))
    return study


def names(folder: Path = FOLDER) -> List[str]:
    return sorted(p.stem for p in folder.glob("*.yaml") if p.stem not in (PAPERS, SETS))
