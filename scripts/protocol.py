"""What was done, in words: data, model, training, replicates, and how settings were chosen. Standard library only."""
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import study_plan
from record_form import Broken, check_tuning
from records import TUNED, Keys, Part, Trial, natural, plural, value_text
from safe_file import parse_json, read_bytes
from wording import file_name, key_words, listed, metric_words, percent

MOST_DATA_SETS = 40
OPTIMISERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "lbfgs": "L-BFGS, all rows at once"}


class Protocol:
    """Entries of a heading and lines of words. What varies over the trials is listed."""

    def __init__(self, trials: List[Trial], keys: Keys, plan: study_plan.Plan, parts: Optional[List[Part]] = None):
        """parts: those whose values are listed; by default all of the trials."""
        self.trials, self.keys, self.plan, self.parts = trials, keys, plan, keys.parts if parts is None else parts

    def entries(self) -> List[Tuple[str, List[str]]]:
        made = [("Data", self.data()), ("Split", self.split()), ("Features", self.features()), ("Label noise", self.noise()),
                ("Imbalance", self.block("corrupt.imbalance.kind", "corrupt.imbalance.ratio")), ("Model", self.model()),
                ("Optimiser", self.optimiser()), ("Training", self.training()), ("Replicates", self.replicates()), ("Selection", self.selection())]
        return [(heading, [line for line in lines if line]) for heading, lines in made if any(lines)]

    def values(self, key: str) -> List[str]:
        """Sorted; what tuning chose for a trial is its own and not among them."""
        return sorted({TUNED if key in part.tuned else value_text(v) for part in self.parts for v in part.values.get(key, {}).values()}, key=natural)

    def named(self, key: str, most: int = 6) -> str:
        values = [v.strip("[]") if v != "[]" else "none" for v in self.values(key)]
        return " or ".join(values) if len(values) <= 2 else listed(values, most)

    def given(self, key: str, *without: str) -> str:
        """The values of a key in words, empty where there is none but those that mean nothing."""
        values = self.values(key)
        return "" if not values or set(values) <= {"none", "0", "[]", "false", *without} else "%s %s" % (key_words(key), self.named(key))

    def block(self, *keys: str) -> List[str]:
        return ["; ".join(filter(None, map(self.given, keys)))]

    # ---- data ----

    def data(self) -> List[str]:
        """A line for each data set, with its own rows."""
        lines = data_sets(self.trials)
        shown = lines[:MOST_DATA_SETS]
        return shown + (["and %s" % plural(len(lines) - len(shown), "data set")] if len(lines) > len(shown) else [])

    def split(self) -> List[str]:
        seeds, over = self.values("data.split.seed"), self.plan.over
        words = "fixed: all trials share one" if len(seeds) <= 1 else "drawn anew for each replicate" if (
            self.keys.replicates(over) and "data.split.seed" in self.keys.replicates(over)) else "drawn with %s" % plural(len(seeds), "seed")
        if any(k in t.config for t in self.trials[:1] for k in ("data.split.first", "data.test.path")):
            words = "the test rows are given by the data"
        kept = "shares of events" if self.values("task") == ["survival"] else "class shares"
        return [words + ("; with the same %s in each part" % kept if self.values("data.split.stratify") == ["true"] else "")]

    def features(self) -> List[str]:
        scaled = {"true": "standardised by the training rows' mean and standard deviation", "false": "as they are"}
        parts = [" or ".join(scaled.get(v, v) for v in self.values("data.preprocess.standardize")), self.given("data.preprocess.scale"),
                 self.given("data.preprocess.subtract"), self.given("data.preprocess.divide", "1"),
                 "text columns one-hot" if self.values("data.categorical") == ["auto"] and any(t.facts.features for t in self.trials[:1]) else ""]
        missing = {"mean": "missing cells filled with the training mean", "drop": "rows with missing cells left out"}
        return ["; ".join(filter(None, parts + [missing.get(v, "") for v in self.values("data.missing")]))]

    def noise(self) -> List[str]:
        kinds = [k for k in self.values("corrupt.labels.kind") if k != "none"]
        rates = [r for r in self.values("corrupt.labels.rate")]
        if not kinds or (rates and all(r == "0" for r in rates)):
            return []
        where = "training and validation labels" if "true" in self.values("corrupt.labels.valid") else "training labels"
        return ["%s noise%s of the %s; test labels are never changed" % (
            " or ".join(kinds), " in " + listed([percent(float(r)) for r in rates]) if rates else "", where)]

    # ---- training ----

    def model(self) -> List[str]:
        lines = []
        for kind in self.values("model.kind") or []:
            mine = Protocol(self.trials, self.keys, self.plan, [part for part in self.parts if part.names.get("model") == kind])
            words = {"linear": "linear", "mlp": "MLP"}.get(kind, kind.replace("_", " "))
            more = [mine.given("model.hidden"), mine.named("model.activation") if mine.values("model.hidden") else "", mine.given("model.dropout"),
                    "initial weights: %s" % mine.named("model.init") if mine.values("model.init") else ""]
            lines.append(", ".join([words] + list(filter(None, more))))
        return lines

    def optimiser(self) -> List[str]:
        names = " or ".join(OPTIMISERS.get(n, n) for n in self.values("optimizer.name"))
        schedule = self.values("schedule.name")
        return [", ".join(filter(None, [names, self.given("optimizer.lr"), self.given("optimizer.momentum"), self.given("optimizer.weight_decay"),
                                        "constant learning rate" if schedule == ["constant"] else self.given("schedule.name")]))]

    def training(self) -> List[str]:
        whole = self.values("optimizer.name") == ["lbfgs"]  # which reads all rows at once and knows no epochs
        parts = ["" if whole else "%s epochs" % self.named("train.epochs") if self.values("train.epochs") not in ([], ["1"]) else
                 self.given("train.epochs"),
                 "batches of %s" % self.named("train.batch") if self.values("train.batch") and not whole else "", self.named("train.precision"),
                 self.given("train.class_weight"), self.given("train.clip_norm"), self.given("train.sampler", "shuffle")]
        stop = self.values("train.early_stopping.metric")
        parts.append("stopped early by %s after %s epochs without a better value" % (
            metric_words(stop[0]), self.named("train.early_stopping.patience")) if stop else "")
        return [", ".join(filter(None, parts))]

    def replicates(self) -> List[str]:
        over = self.plan.over[0] if self.plan.over else "train.seed"
        values = self.values(over)
        what = "fold" if over == "data.cv.fold" else "seed" if over.endswith("seed") else over
        follow = [FOLLOWERS[k] for k in self.plan.over[1:] if k in FOLLOWERS]
        return ["%s (%s)%s" % (plural(len(values), what), listed(values, 12), "; each draws its own " + listed(follow + ["order of rows"])
                               if follow and what == "seed" else "") if values else "one",
                "At one %s all contenders saw the same rows, labels, initial weights and order, so differences are paired." % what]

    def selection(self) -> List[str]:
        tuned = tuning_words([t for t in self.trials if t.chosen])
        if tuned:
            return tuned + ([] if all(t.chosen for t in self.trials) else ["The others: at the values of the config."])
        if self.plan.select:
            return ["of %s by the best mean %s" % (listed([key_words(k) for k in self.plan.tuned]) or "nothing", metric_words(self.plan.select))]
        return ["none: every setting is a row of its own, at the values of the config"]


# ---- tuning ----

METHODS = {"random": "drawn at random", "halton": "of a Halton sequence", "grid": "of the grid"}


def tuning_words(trials: List[Trial]) -> List[str]:
    """How the settings of these trials were chosen, and how many were tried."""
    if not trials:
        return []
    def said(key: str) -> str:
        return listed(sorted({value_text(t.config[key]) for t in trials if key in t.config}, key=natural))

    keys = list(dict.fromkeys(k for t in trials for k in t.chosen))
    chosen, own = [key_words(k) for k in keys if not k.startswith("loss.")], [k[len("loss."):] for k in keys if k.startswith("loss.")]
    chosen += ["the parameter%s %s of the loss" % ("" if len(own) == 1 else "s", listed(own, 12))] if own else []
    lines = ["%s: chosen by cross-validation%s: the best mean %s over %s folds of the training and validation rows of each trial; no test row took part."
             % (sentence(listed(chosen, 12)), " among %s settings %s" % (said("tune.trials"), listed([METHODS.get(m, m) for m in said("tune.method").split(" and ")]))
                if said("tune.trials") else "", metric_words(said("tune.metric") or "its metric"), said("tune.folds") or "several")]
    n, folds, lost, undefined = tried(trials)
    if n:
        lines.append("In all, %s were tried on %s." % (plural(n, "setting"), plural(folds, "fold")))
    if lost:
        lines.append("%s diverged or failed; a setting that loses a fold loses to one that lost fewer." % plural(lost, "fold"))
    if undefined:
        lines.append("On %s the metric was undefined; a setting with an undefined fold loses to one with fewer." % plural(undefined, "fold"))
    return lines


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def tried(trials: List[Trial]) -> Tuple[int, int, int, int]:
    """Settings, folds, lost folds and folds without a value, over the choices for these trials, from the tuning.json of their folders."""
    ids, folders = {t.id for t in trials}, {t.path.parent.parent for t in trials}
    seen = [c for folder in sorted(folders) for s in studies_of(folder) for arm in s.get("arms", ()) for choice in arm.get("choices", ())
            if ids & set(choice.get("trials", ())) for c in choice.get("candidates", ())]
    return (len(seen), *(sum(c.get(k) or 0 for c in seen) for k in ("folds", "lost_folds", "undefined_folds")))


def studies_of(folder: Path) -> List[dict]:
    try:
        tuning = parse_json(read_bytes(str(folder / "tuning.json")))
        check_tuning(tuning)
    except (OSError, Broken):
        return []                                           # choices.py has said so
    return tuning.get("studies", [])


FOLLOWERS = {"data.split.seed": "split", "corrupt.labels.seed": "label noise", "model.seed": "initial weights", "data.generator.seed": "data"}


def data_name(trial: Trial) -> str:
    names = [file_name(path) for _, path, _ in trial.sources if path]
    return " and ".join(names) or str(trial.config.get("data.generator.name") or file_name(str(trial.config.get("data.train.path", "generated data"))))


def data_sets(trials: List[Trial]) -> List[str]:
    """What the records say of their data, each once; trials of one data set share what was read of it."""
    first: Dict[tuple, Trial] = {}
    for t in trials:
        first.setdefault((id(t.rows), id(t.sources), t.facts.features, t.facts.classes, id(t.config.get("data.generator.name")),
                          id(t.config.get("data.train.path"))), t)
    return list(dict.fromkeys(words for words in map(data_words, first.values()) if words))


def data_words(trial: Trial) -> str:
    """letter: 20000 rows (12800 training, 3200 validation, 4000 test), 16 features, 26 classes; empty where the record does not say."""
    rows, found = trial.rows, trial.facts
    parts = ["%d %s" % (rows[k], w) for k, w in (("train", "training"), ("valid", "validation"), ("test", "test")) if rows.get(k)]
    words = ["%s%s" % (plural(rows["all"], "row"), " (%s)" % ", ".join(parts) if parts else "")] if rows.get("all") else []
    words += [plural(found.features, "feature")] if found.features else []
    words += [plural(found.classes, "class")] if found.classes else []
    return "%s: %s" % (data_name(trial), ", ".join(words)) if words else ""
