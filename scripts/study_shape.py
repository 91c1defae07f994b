"""A study as its file in scripts/studies declares it. Such a file has

    about: what it is of, in a few words       for lists
    configs: [configs/NAME/....yaml, ...]      what it trains
    cost: two minutes                          on two cores
    before: [COMMAND, ...]                     programs that write what it needs; none, unless named
    comparison: {...}                          what is compared and what is claimed (study_comparison.py)

or, in the place of a comparison, a script that measures, and all that the page says of it:

    script: views                              scripts/studies/views.py makes the page; STUDY.py, unless named
    like: barlow                               a study of the same script: what is absent here of script, intro, rule, answers, verdict, settings is as there
    options: {NAME: VALUE, ...}                of the script, with their defaults; a comparison has one, its splits
    settings: {NAME: VALUE, ...}               what is compared: sets, contenders with their options, levels. The script takes all of them, and no others
    title, intro                               of the page; the intro goes on from the line that names the config
    question: "Is it so?"                      above the tables,
    answers: [{says: "Yes.", BAR}, ..., {says: "No."}]       with the first answer whose bar is met
    rule: "..."                                below the heading of the claims
    claims: {KEY: {says: SENTENCE, BAR}}       each is judged by the script's numbers, by its key
    notes: ["...", ...]                        points below the claims
    end: "..."                                 the last paragraph

A BAR is `of`, what is measured, in words, with at_least, at_most, above or below and a number; or bars: {NAME: BAR, ...}, all of them. A number
may be several, which are all to meet it. {WORDS} of a text are put in by the script. A claim may also have

    verdict: Reproduces.                       in the place of Holds.; also of the whole file
    each: set                                  of what it is judged one by one: it holds in part where it does so for some
    compares: {...}                            what the script compares for it

Needs PyYAML."""
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

import yaml

from study_common import LIMITS, ROOT, VERDICTS, Bar, Declared, Key, Refused, filled, measured_met, remade
from study_comparison import Comparison, checked, comparison_of, known

FOLDER = ROOT / "scripts" / "studies"
TOLD = ("title", "intro", "question", "answers", "settings", "rule", "claims", "notes", "end")     # of a script's page
SHARED = ("script", "intro", "rule", "answers", "verdict")
KEYS = ("about", "configs", "cost", "before", "comparison", "script", "like", "options", "verdict", *TOLD)
NEEDED = ("about", "configs", "cost")
OF_CLAIM = ("says", "verdict", "each", "compares")
PAPERS, SETS = "papers", "sets"                     # the files in the same folder that are no studies


class Study(NamedTuple):
    name: str
    about: str
    configs: Sequence[str]
    cost: str
    before: Sequence[str] = ()
    options: Dict[str, object] = {}
    script: str = ""
    like: str = ""
    comparison: Optional[Comparison] = None
    title: str = ""
    intro: str = ""
    question: str = ""
    answers: Sequence[Declared] = ()
    settings: Dict[str, object] = {}
    rule: str = ""
    claims: Dict[str, Declared] = {}
    notes: Sequence[str] = ()
    end: str = ""

    def files(self) -> List[Path]:
        """What the page follows from, besides the program: when one of these changes, it is to be made anew."""
        source = [] if self.comparison else [FOLDER / (self.script + ".py")]
        return [FOLDER / (name + ".yaml") for name in (self.name, self.like) if name] + [*source, *(ROOT / c for c in self.configs)]

    # what a script takes from it

    def given(self, *names: str) -> List[object]:
        """The settings, in this order; a script names all of them."""
        if set(names) != set(self.settings):
            raise Refused("%s.yaml: settings: found %s, allowed: %s" % (self.name, *(", ".join(sorted(of)) or "none" for of in (self.settings, names))))
        return [self.settings[name] for name in names]

    def head(self, **words: object) -> List[str]:
        title, intro = filled(self.title, words), filled(self.intro, words)
        return ["# " + title, "", remade(self.name, self.configs) + (" " + intro if intro else ""), ""]

    def answer(self, measured: object, **words: object) -> str:
        """The verdict in bold."""
        return "**%s**" % next(filled(a.says, words) for a in self.answers if not a.bars or measured_met(a.bars, measured))

    def asked(self, measured: object, figures: str = "", **words: object) -> str:
        return " ".join(filter(None, (self.question, self.answer(measured, **words), figures)))

    def declared(self, key: str) -> Declared:
        known([key], list(self.claims), "%s.yaml: claims" % self.name)
        return self.claims[key]

    def says(self, key: str, **words: object) -> str:
        return filled(self.declared(key).says, words)

    def judged(self, key: str, measured: object, figures: str = "") -> str:
        """The verdict that the numbers give by the claim's bar, and the figures."""
        return " ".join(filter(None, (self.declared(key).judged(measured), figures)))

    def meeting(self, key: str, measured: Dict[Key, object]) -> List[Key]:
        """Those of several, by their names, that by themselves meet the claim's bar."""
        return [name for name, n in measured.items() if self.declared(key).met(n)]

    def claim(self, key: str, measured: object, figures: str = "", **words: object) -> str:
        return "%s: %s" % (self.says(key, **words), self.judged(key, measured, figures))

    def section(self, lines: Sequence[str], title: str = "What holds", **words: object) -> List[str]:
        """The claims, a point each, and what stands around them."""
        rule, end = ([filled(text, words), ""] if text else [] for text in (self.rule, self.end))
        return ["## " + title, "", *rule, *("- " + line for line in [*lines, *self.notes]), "", *end]


# ---- from the file ----

def read(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise Refused("%s: %s" % (path, error)) from error


def bar_of(told: dict, where: str) -> Bar:
    limits = {name: told[name] for name in LIMITS if name in told}
    for name, limit in limits.items():
        if isinstance(limit, bool) or not isinstance(limit, (int, float)):
            raise Refused("%s: %s: found %r, allowed: a number" % (where, name, limit))
    if not limits or not told.get("of"):
        raise Refused("%s: found %s, allowed: of, what is measured, and one or more of %s" % (where, ", ".join(told) or "nothing", ", ".join(LIMITS)))
    return Bar(told["of"], limits)


def bars_of(told: dict, where: str) -> Dict[str, Bar]:
    """Of a claim or an answer: one bar, or several by their names."""
    if "bars" in told:
        if not isinstance(told["bars"], dict) or not told["bars"]:
            raise Refused("%s: bars: found %r, allowed: a block of bars by their names" % (where, told["bars"]))
        if set(told) & {"of", *LIMITS}:
            raise Refused("%s: found bars and %s, allowed: bars or one bar" % (where, next(k for k in told if k in ("of", *LIMITS))))
        places = {name: "%s: bars: %s" % (where, name) for name in told["bars"]}
        return {name: bar_of(checked(told["bars"][name], ("of", *LIMITS), (), place), place) for name, place in places.items()}
    return {"": bar_of({k: v for k, v in told.items() if k in ("of", *LIMITS)}, where)}


def declared_of(told: object, word: str, where: str) -> Declared:
    one = checked(told, (*OF_CLAIM, "bars", "of", *LIMITS), ("says",), where)
    sentence(one["says"], where)
    known([one.get("verdict", word)], list(VERDICTS), where + ": verdict")
    return Declared(one["says"], bars_of(one, where), one.get("verdict", word), one.get("each", ""), one.get("compares", {}))


def sentence(told: object, where: str) -> None:
    if not isinstance(told, str) or not told:
        raise Refused("%s: says: found %r, allowed: a sentence" % (where, told))


def answers_of(told: object, where: str) -> List[Declared]:
    """The last is the one that needs no bar."""
    if not isinstance(told, list):
        raise Refused("%s: found %r, allowed: a list" % (where, told))
    blocks = [checked(a, ("says", "bars", "of", *LIMITS), ("says",), where) for a in told]
    if not blocks or len(blocks[-1]) > 1:
        raise Refused("%s: found a bar in the last of them, allowed: says alone" % where)
    for block in blocks:
        sentence(block["says"], where)
    return [Declared(a["says"], bars_of(a, "%s: '%s'" % (where, a["says"])) if a is not blocks[-1] else {}) for a in blocks]


def of_blocks(told: dict, where: str) -> dict:
    for key in ("claims", "settings"):
        if not isinstance(told.get(key, {}), dict):
            raise Refused("%s: %s: found %r, allowed: a block" % (where, key, told[key]))
    return told


def with_shared(told: dict, folder: Path, where: str) -> dict:
    of_blocks(told, where)
    if "like" not in told:
        return told
    other = folder / ("%s.yaml" % told["like"])
    if not other.is_file():
        raise Refused("%s: like: found %s, which is not there" % (where, told["like"]))
    of = of_blocks(checked(read(other), KEYS, NEEDED, str(other)), str(other))
    if "like" in of:
        raise Refused("%s: like: found %s, which is itself like %s" % (where, told["like"], of["like"]))
    return {**{key: of[key] for key in SHARED if key in of}, **told, "settings": {**of.get("settings", {}), **told.get("settings", {})}}


def load(name: str, folder: Path = FOLDER) -> Study:
    path = folder / (name + ".yaml")
    told = checked(read(path), KEYS, NEEDED, str(path))
    missing = [c for c in told["configs"] if not (ROOT / c).is_file()]
    if missing:
        raise Refused("%s: found config %s, which is not there" % (path, missing[0]))
    if "comparison" in told:
        other = [key for key in told if key in ("like", "options", "verdict", *TOLD)]
        if "script" in told:
            raise Refused("%s: found script and comparison, allowed: one of them" % path)
        if other:
            raise Refused("%s: found %s, allowed: only with a script" % (path, other[0]))
        comparison = comparison_of(told.pop("comparison"), told["configs"][0], read(FOLDER / (SETS + ".yaml")), "%s: comparison" % path)
        return Study(**told, name=name, comparison=comparison, script=name, options={"splits": comparison.plan.splits})
    told = with_shared(told, folder, str(path))
    word = told.pop("verdict", "Holds.")
    if "answers" in told:
        told["answers"] = answers_of(told["answers"], "%s: answers" % path)
    told["claims"] = {key: declared_of(c, word, "%s: claims: %s" % (path, key)) for key, c in told.get("claims", {}).items()}
    study = Study(**{"script": name, **told, "name": name})
    if not (folder / (study.script + ".py")).is_file():
        raise Refused("%s: found neither a comparison nor a script %s.py" % (path, study.script))
    return study


def names(folder: Path = FOLDER) -> List[str]:
    return sorted(p.stem for p in folder.glob("*.yaml") if p.stem not in (PAPERS, SETS))
