"""A comparison of contenders on several sets, as the file of a study declares it:

    title, question, source      of the page; the question is answered by the first claim
    rows: validation             rows of the same classes choose the settings; or `unseen classes`, for embeddings: classes that neither train nor test
    choose: accuracy             the measure by which each contender's setting is chosen in each split; absent where each has but one
    choose_least: true           where less of it is better
    splits: 10                   train.seed is 1 to this
    measures: {accuracy: accuracy}                 metrics of the test rows and their words on the page
    less_is_better, no_best: [log_loss]            measures of which less is better; of which neither is
    sets: [digits, letter]                         of scripts/studies/sets.yaml; or {NAME: [OPTION, ...]}
    conditions: {20 % wrong labels: [corrupt.labels=...]}     likewise, or {wrong_labels: 0.2}
    first: [task=multiclass, loss=ce]              by rows: options of a training in each split, before all others; its model's file is what FIRST
                                                   stands for in options of contenders: data.side.teacher=FIRST.
                                                   Several: {TEACHER: [...], SMALL: [...]}, each with a name; one may take those before it
    contenders: {ce: [[loss=ce, "optimizer.lr=0.01,0.1"]]}    a list of sweeps each; all their settings are tried
    claims: [{says, better: {A: [B, C]}, measure, gain, wins, errors, clear, conditions, over, sets}]
    weights: {says, first: LOSS, figures, losses: {LOSS: PARAMETERS}}       of losses of pairs: the claim that only LOSS weighs a negative by all it could read

A claim is met in a row (set, condition, pair) where A is above B by at least `gain` on average (0) and in at least the share `wins` of the
splits (0.8), by more than `errors` standard errors (0), and, with `clear: true`, by the test. With `over` it is of what A is more above B
than in that condition. `conditions` and `sets` name those that it is of, all unless named. It reproduces where every row meets it."""
import json
from typing import Dict, NamedTuple, Optional, Sequence, Tuple

from records import nearest
from study_common import Refused
from study_runs import FIRST, Data, Plan

BY_ROWS, BY_CLASSES = "validation", "unseen classes"


class Claim(NamedTuple):
    text: str
    pairs: Sequence[Tuple[str, str]]         # the first is above the second
    measure: str
    gain: float = 0.0                        # by at least this on average,
    wins: float = 0.8                        # in at least this share of the splits,
    errors: float = 0.0                      # by more than so many standard errors,
    clear: bool = False                      # and by the test
    conditions: Sequence[str] = ()           # all, unless named
    over: str = ""                           # the gain is what it is more than in this condition
    sets: Sequence[str] = ()                 # all, unless named


class Weights(NamedTuple):
    says: str
    first: str                               # the loss that alone reads all, by its forms that begin so
    figures: str
    losses: Dict[str, str]                   # of pairs, before a comma, and the parameters of which the program tells the weights


class Comparison(NamedTuple):
    title: str
    question: str
    source: str
    plan: Plan
    measures: Dict[str, str]                 # and their words
    claims: Sequence[Claim]
    less: Sequence[str] = ()                 # measures of which less is better
    neither: Sequence[str] = ()              # nor more
    notes: Sequence[str] = ()
    weights: Optional[Weights] = None


# ---- from the file ----

def checked(told: object, keys: Sequence[str], needed: Sequence[str], where: str) -> dict:
    """The block, or what is wrong with its keys."""
    if not isinstance(told, dict):
        raise Refused("%s: found %s, allowed: a block with %s" % (where, json.dumps(told), ", ".join(needed)))
    for key in told:
        if key not in keys:
            raise Refused("%s: unknown key '%s'%s" % (where, key, nearest(str(key), keys)))
    for key in needed:
        if key not in told:
            raise Refused("%s: %s is missing" % (where, key))
    return told


def known(names: Sequence[str], allowed: Sequence[str], where: str) -> None:
    for name in names:
        if name not in allowed:
            raise Refused("%s: unknown '%s'%s" % (where, name, nearest(str(name), allowed)))


def claim_of(told: object, one: dict, where: str) -> Claim:
    c = checked(told, ("says", "better", "measure", "gain", "wins", "errors", "clear", "conditions", "over", "sets"), ("says", "better"), where)
    where = "%s: '%s'" % (where, c["says"])
    claim = Claim(c["says"], [(a, b) for a, others in c["better"].items() for b in others], c.get("measure", next(iter(one["measures"]))),
                  *(c.get(key, default) for key, default in (("gain", 0.0), ("wins", 0.8), ("errors", 0.0), ("clear", False))),
                  c.get("conditions", ()), c.get("over", ""), c.get("sets", ()))
    known([claim.measure], list(one["measures"]), where)
    known([*claim.conditions, *([claim.over] if claim.over else [])], list(one.get("conditions", {})), where)
    known(claim.sets, list(one["sets"]), where)
    known([a for a, _ in claim.pairs], list(one["contenders"]), where)
    return claim


def sets_of(told: object, common: dict, by_rows: bool, where: str) -> Dict[str, Data]:
    """Sets by name; options alone make a set too, where rows choose the settings."""
    if isinstance(told, list):
        known(told, list(common), where)
        told = {name: common[name] for name in told}
    blocks = {name: {"options": d} if isinstance(d, list) else d for name, d in told.items()}
    return {name: Data(**checked(d, Data._fields, ("options",) if by_rows else Data._fields, "%s: %s" % (where, name))) for name, d in blocks.items()}


def first_of(told: object, where: str) -> Dict[str, Sequence[str]]:
    """Options of what is trained first, by the names of the models; a list is of one without a name."""
    named = {FIRST: told} if isinstance(told, list) and told else told or {}
    if not isinstance(named, dict) or not all(isinstance(name, str) and name.isupper() and isinstance(options, list) for name, options in named.items()):
        raise Refused("%s: found %s, allowed: a list of options, or such lists by names in capitals" % (where, json.dumps(told)))
    return named


def weights_of(told: object, where: str) -> Weights:
    return Weights(**checked(told, Weights._fields, Weights._fields, where))


def comparison_of(told: object, config: str, common: dict, where: str) -> Comparison:
    """The block of a study's file; common holds the sets that have names."""
    one = checked(told, ("title", "question", "source", "rows", "choose", "choose_least", "splits", "measured", "per_class", "measures", "less_is_better",
                         "no_best", "sets", "conditions", "first", "contenders", "claims", "notes", "weights"),
                  ("title", "question", "source", "rows", "measures", "sets", "contenders", "claims"), where)
    known([one["rows"]], (BY_ROWS, BY_CLASSES), where + ": rows")
    by_rows = one["rows"] == BY_ROWS
    if one.get("first") and not by_rows:
        raise Refused("%s: first: found rows '%s', allowed: '%s'" % (where, BY_CLASSES, BY_ROWS))
    plan = Plan(config, sets_of(one["sets"], common, by_rows, where + ": sets"), one.get("conditions", {"": []}),
                one["contenders"], one.get("choose"), one.get("choose_least", False), by_rows, one.get("measured", ""), one.get("per_class", 10),
                one.get("splits", 10), first_of(one.get("first", {}), where + ": first"))
    return Comparison(one["title"], one["question"], one["source"], plan, one["measures"],
                      [claim_of(c, one, where + ": claims") for c in one["claims"]],
                      one.get("less_is_better", ()), one.get("no_best", ()), one.get("notes", ()),
                      weights_of(one["weights"], where + ": weights") if "weights" in one else None)
