"""results/reference/README.md: every paper of scripts/studies/papers.yaml with its claim and what came of it, and the links to it from the
catalogue of losses. Made of papers.yaml and of the study.json that stands beside each study's page. Needs PyYAML."""
import json
import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from study_common import ROOT, Refused
from study_comparison import checked, known
from study_shape import FOLDER, PAPERS, Study, load, names, read

REFERENCE = ROOT / "results" / "reference"
VERDICTS = {"yes": "reproduces", "in part": "in part", "no": "does not"}
KEYS = ("number", "title", "claim", "losses", "study", "shown_by", "published", "needs", "untestable")
MOST = 130                                          # letters of what was found of a claim; the page of the study has the rest


class Paper(NamedTuple):
    number: int
    title: str
    claim: str                                      # what can be put to the test on rows of features
    losses: Sequence[str] = ()                      # the paper's own; KIND/NAME where two kinds have the name
    study: str = ""                                 # whose page tests it,
    shown_by: Sequence[str] = ()                    # by the claims that begin so
    published: str = ""                             # the paper's figure
    needs: str = ""                                 # not tested yet: what that takes
    untestable: str = ""                            # why rows of features cannot test it


# ---- what is read ----

def papers(folder: Path = FOLDER) -> List[Paper]:
    path = folder / (PAPERS + ".yaml")
    found = []
    for told in read(path):
        where = "%s: paper %s" % (path, told.get("number", "?"))
        one = Paper(**checked(told, KEYS, ("number", "title", "claim"), where))
        if sum(map(bool, (one.study, one.needs, one.untestable))) != 1:
            raise Refused("%s: found %s, allowed: one of study, needs, untestable" % (
                where, ", ".join(k for k in ("study", "needs", "untestable") if getattr(one, k)) or "none of them"))
        if one.study:
            known([one.study], names(folder), where)
        found.append(one)
    twice = [n for n in {p.number for p in found} if sum(p.number == n for p in found) > 1]
    if twice:
        raise Refused("%s: found paper %d twice" % (path, twice[0]))
    return found


def result(name: str, reference: Path = REFERENCE) -> Optional[dict]:
    path = reference / name / "study.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def deciding(paper: Paper, made: dict) -> List[dict]:
    """The claims of the page that decide on the paper's."""
    out = []
    for start in paper.shown_by:
        found = [c for c in made["claims"] if c["says"].startswith(start)]
        if len(found) != 1:
            raise Refused("paper %d: '%s' begins %d claims of %s, allowed: one" % (paper.number, start, len(found), paper.study))
        out += found
    return out


# ---- the page ----

def cell(text: str) -> str:
    return text.replace("|", "\\|")


def shortened(text: str) -> str:
    """Whole sentences, or parts between semicolons, as many as fit."""
    if len(text) <= MOST:
        return text
    ends = [m.end(1) for m in re.finditer(r"([.;])\s", text) if m.end(1) <= MOST]
    return text[:ends[-1]].rstrip(";") + " …" if ends else text[:text.rindex(" ", 0, MOST)] + " …"


def found_words(claims: Sequence[dict]) -> str:
    """Each claim that decides, whether it holds, and its figures."""
    def line(c: dict) -> str:
        figures = shortened(re.sub(r"^\((.*)\)\.$", r"\1.", c["figures"]))
        return re.sub(r"(?<![*\\])\*(?!\*)", r"\\*", cell("%s: %s. %s" % (c["says"], c["holds"], figures)).strip())   # no italics by a star
    return "<br>".join(map(line, claims))


def verdict(claims: Sequence[dict]) -> str:
    held = {c["holds"] for c in claims}
    return VERDICTS[held.pop() if len(held) == 1 else "in part"]


def minutes(seconds: float) -> str:
    return "%.0f s" % seconds if seconds < 90 else "%.0f min" % (seconds / 60)


def study_link(name: str) -> str:
    return "[%s](%s/README.md)" % (name, name)


def config_links(study: Study) -> str:
    return ", ".join("[%s](../../%s)" % (Path(c).name, c) for c in study.configs[:1]) + (" and %d more" % (len(study.configs) - 1) if study.configs[1:] else "")


def made_words(made: dict, study: Study) -> str:
    cost = minutes(made["seconds"]) if made.get("seconds") else study.cost
    return "%s | %s, %s" % (cost, made["made"], made["revision"])


def tested_row(paper: Paper, made: dict, study: Study) -> str:
    claims = deciding(paper, made)
    return "| <a id=\"paper-%d\"></a>%d | %s | %s | **%s** | %s | %s | %s: %s | %s |" % (
        paper.number, paper.number, cell(paper.title), cell(paper.claim), verdict(claims), found_words(claims), cell(paper.published), study_link(paper.study),
        config_links(study), made_words(made, study))


def plain_row(paper: Paper, why: str) -> str:
    return "| <a id=\"paper-%d\"></a>%d | %s | %s | %s |" % (paper.number, paper.number, cell(paper.title), cell(paper.claim), cell(why))


def section(title: str, words: str, head: Sequence[str], rows: Sequence[str]) -> List[str]:
    if not rows:
        return []
    return ["## " + title, "", words, "", "| %s |" % " | ".join(head), "| ---: |" + " --- |" * (len(head) - 1), *rows, ""]


def summary(tested: Dict[int, str], found: Sequence[Paper], waiting: int) -> str:
    count = {word: sum(v == word for v in tested.values()) for word in VERDICTS.values()}
    return "Of %d papers %d are tested: the claim **reproduces** in %d, **in part** in %d, and **does not** in %d. %d are not tested yet, %d cannot be tested on " \
           "rows of features." % (len(found), len(tested), *count.values(), waiting, sum(bool(p.untestable) for p in found))


def other_rows(studies: Dict[str, Study], found: Sequence[Paper], reference: Path) -> List[str]:
    """Studies that test no paper of the list."""
    rows = []
    for name, study in studies.items():
        made = result(name, reference)
        if made and name not in {p.study for p in found}:
            held = [c["holds"] for c in made["claims"]]
            said = shortened(made["answer"]) or "Claims that hold: %d of %d, %d more in part." % (held.count("yes"), len(held), held.count("in part"))
            rows.append("| %s | %s | %s | %s |" % (study_link(name), cell(study.about), cell(said), made_words(made, study)))
    return rows


def page(folder: Path = FOLDER, reference: Path = REFERENCE) -> str:
    found, studies = papers(folder), {name: load(name, folder) for name in names(folder)}
    made = {name: result(name, reference) for name in studies}
    tested = [p for p in found if p.study and made[p.study]]
    waiting = [p for p in found if p.needs or (p.study and p not in tested)]
    verdicts = {p.number: verdict(deciding(p, made[p.study] or {})) for p in tested}
    lines = ["# The atlas: what papers claim of losses, and what came of it here", "",
             "Remade by `make atlas` (scripts/atlas.py); do not edit. `make atlas STUDY=cs` makes one study anew, `make atlas` those whose files have "
             "changed.", "", summary(verdicts, found, len(waiting)), "",
             "A claim is the paper's as we put it, in one sentence that can be tested. It is put to the test on rows of features with linear models and small networks: what a paper shows on images, texts or larger networks may "
             "hold there all the same. The page of a study tells how it was done, with intervals and tests; its claims decide as they are worded there. "
             "In part: some of the claims that decide hold, or on some of the data sets.", ""]
    lines += section("Tested", "Found: each claim of the study's page that decides, with its bar, whether it holds (yes, in part, no), and figures. A time in "
                     "words is an estimate: the page was made before times and checksums were kept, its date and revision are those of its figures, and "
                     "its checksums were taken on 2026-11-30.",
                     ("#", "paper", "claim", "verdict", "found", "published", "study: config", "time", "made, revision"),
                     [tested_row(p, made[p.study] or {}, studies[p.study]) for p in tested])
    lines += section("Not tested yet", "What a test needs that is not there.", ("#", "paper", "claim", "what is missing"),
                     [plain_row(p, p.needs or "the study is written, not made: `make atlas STUDY=%s`" % p.study) for p in waiting])
    lines += section("Not testable on rows of features", "Why.", ("#", "paper", "claim", "why not"), [plain_row(p, p.untestable) for p in found if p.untestable])
    others = other_rows(studies, found, reference)
    if others:
        lines += ["## Studies of no single paper", "", "| study | of | answer | time | made, revision |", "| --- | --- | --- | --- | --- |", *others, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


# ---- links from the catalogue of losses ----

def linked(catalogue: str, folder: Path = FOLDER) -> str:
    """The catalogue, each entry of a paper's loss with links to the paper's row."""
    of: Dict[str, List[Paper]] = {}
    for paper in papers(folder):
        for loss in paper.losses if paper.study else ():
            of.setdefault(loss, []).append(paper)
    kind, out, used = "", [], set()
    for block in re.split(r"(?m)^(?=##+ )", catalogue):
        title = re.match(r"(##+) (.+)", block)
        if title and title.group(1) == "##":
            kind = title.group(2)
        elif title and title.group(1) == "###":
            keys = [k for k in (title.group(2), "%s/%s" % (kind, title.group(2))) if k in of]
            links = ", ".join("[%d](../results/reference/README.md#paper-%d)" % (p.number, p.number) for k in keys for p in of[k])
            used.update(keys)
            block, placed = re.subn(r"(?m)^(Traits: .*)$", r"\1 Tested in the atlas: paper %s." % links, block, count=1) if links else (block, 1)
            if not placed:
                raise Refused("%s.yaml: loss %s has no line of traits in the catalogue" % (PAPERS, keys[0]))
        out.append(block)
    missing = sorted(set(of) - used)
    if missing:
        raise Refused("%s.yaml: loss %s is not in the catalogue" % (PAPERS, missing[0]))
    return "".join(out)
