"""From a plan (study_plan.py) to a study that can be tested: contenders, conditions, paired replicates. Needs numpy and scipy."""
from typing import Dict, Iterator, List, Optional, Tuple

import study_plan
from comparison import Group, Study, best_sheet, data_set_of, pairs_sheet, test_ratio
from costs import cost_sheet
from per_row_tests import rows_sheet
from ranking import ranks_sheet
from records import Keys, Refused, Trial, nearest, within
from tables import Table
from test_tables import SHEET_FORMATS, Sheet
from wording import file_name

SHEETS = {"best": best_sheet, "pairs": pairs_sheet, "ranks": ranks_sheet, "rows": rows_sheet, "cost": cost_sheet}


def make_study(trials: List[Trial], plan: study_plan.Plan, keys: Keys, control: str, rope: float,
               names: Optional[Dict[str, str]] = None) -> Study:
    """names: what contenders are called instead."""
    metric = plan.metrics[0]
    higher = plan.higher(metric)
    if higher is None:
        raise Refused("--metric %s: the records do not say whether higher or lower is better, so nothing can be compared" % metric)
    contenders = study_plan.contender_keys(plan)
    rest = [k for k in plan.rows + plan.across if k not in contenders]
    study = Study(metric, higher, [], [], {}, {}, {}, control, rope, what=name_of(contenders), over=", ".join(plan.over[:1]),
                  condition_name=name_of(rest) if len(rest) == 1 and not name_of(rest).endswith("s") else "condition", keys=rest)
    for at, members in study_plan.grouped(trials, keys, rest).items():
        condition = condition_text(rest, at)
        if condition in study.conditions:               # files of one name in two folders
            condition = " ".join("%s=%s" % item for item in zip(rest, at))
        study.conditions.append(condition)
        study.at[condition] = at
        study.data_set[condition] = data_set_of(members[0])
        study.ratio[condition] = test_ratio(members)
        for who, mine in study_plan.grouped(members, keys, contenders).items():
            picked, chosen = study_plan.choose(mine, plan, keys)
            name = study_plan.contender_name(contenders, who)
            by_seed: Dict[str, Trial] = {}
            for t in picked:
                by_seed.setdefault(replicate(t, keys, plan.over), t)
            study.groups[name, condition] = Group({r: by_seed[r] for r in sorted(by_seed, key=study_plan.natural)}, metric, chosen)
            if name not in study.contenders:
                study.contenders.append(name)
    study.contenders.sort(key=study_plan.natural)
    study.control = check_control(study)
    return renamed(study, names or {})


def renamed(study: Study, names: Dict[str, str]) -> Study:
    called = {c: names.get(c, c) for c in study.contenders}
    study.tests.clear()
    if len(set(called.values())) < len(called):
        raise Refused("--rename: two contenders would have one name: %s" % ", ".join(sorted(called.values())))
    study.contenders = list(called.values())
    study.control = called.get(study.control, study.control)
    study.groups = {(called[c], condition): group for (c, condition), group in study.groups.items()}
    return study


def replicate(trial: Trial, keys: Keys, over: List[str]) -> str:
    """The values of the replicate keys; one where all are the same, as seeds that follow train.seed are."""
    values = [keys.text(trial, k) for k in over]
    return values[0] if len(set(values)) == 1 else " ".join(values)


def name_of(keys: List[str]) -> str:
    if keys == ["data.train.path"]:
        return "data set"
    return study_plan.short_names(keys)[keys[0]] if len(keys) == 1 else "contender" if keys else "trials"


def condition_text(keys: List[str], values: Tuple[str, ...]) -> str:
    short = study_plan.short_names(keys)
    bare = (*study_plan.CONTENDERS, "corrupt.labels", "data.train.path", "data.test.path")
    values = tuple(file_name(v) if k.endswith(".path") and "/" not in file_name(v) else v for k, v in zip(keys, values))
    words = ["clean" if (k, v) == ("corrupt.labels", "none") else v if within(k, bare) and not k.endswith((".rate", ".seed")) else
             "%s=%s" % (short[k], v) for k, v in zip(keys, values)]
    return " ".join(words) or "all"


# What others are judged against, of each task; of losses of one task the earlier one.
PLAIN_LOSSES = ("ce", "logistic", "mse", "cox", "ranknet", "listnet", "poisson", "ml_bce")


def check_control(study: Study) -> str:
    """The one that all are compared with: as asked, else plain training or the plain loss of the task where there is one, else the first."""
    if study.control in study.contenders + ["all"]:
        return study.control
    if study.control:
        raise Refused("--control %s: not among the contenders%s" % (study.control, nearest(study.control, study.contenders + ["all"])))
    usual = [c for name in (study_plan.PLAIN, *PLAIN_LOSSES) for c in study.contenders if c == name]
    return usual[0] if usual else study.contenders[0]


def owners(table: Table, row: List[str], study: Study) -> Iterator[Tuple[str, str]]:
    """Contender and condition of each cell of a row with these keys; the condition is empty where it is none of the study's."""
    by_at = {study.at[c]: c for c in reversed(study.conditions)}
    for column in table.columns:
        given = {**dict(zip(table.keys, row)), **dict(column.at)}
        own = [k for k in given if k not in study.keys]
        yield (study_plan.contender_name(own, [given[k] for k in own]), by_at.get(tuple(given.get(k, "") for k in study.keys), ""))


def mark_ties(table: Table, study: Study) -> None:
    """Of the metric that is compared: contenders not shown to be worse than the best of their condition."""
    tied = {c: study.tied(c) for c in study.conditions}
    for row in table.rows:
        for cell, column, (who, condition) in zip(row.cells, table.columns, owners(table, row.key, study) if not row.baseline else ()):
            cell.tied = column.metric == study.metric and not cell.best and condition in tied and who in tied[condition]
    table.ties = study.tied_words()


def sheet_text(sheet: Sheet, form: str) -> str:
    return SHEET_FORMATS[form](sheet)


def all_sheets(study: Study) -> List[Sheet]:
    return [make(study) for make in SHEETS.values()]
