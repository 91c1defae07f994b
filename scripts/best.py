#!/usr/bin/env python3
"""The setting of a study that is best on the validation rows, by its mean over replicates, and how far the next one is behind. With
--refit the winner is trained once more on all rows of its training file, and the model kept. Python 3.9 and nothing else."""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from typing import Dict, List, NamedTuple, NoReturn, Optional, Tuple

from choices import apply_choices, tuned_metric
from meaning import harmonise
from records import SPLITS, Keys, Refused, Trial, command_name, nearest, plural, read_record, read_trials, within
from study_plan import FOLDS, REPLICATE, directions_of, is_question, mean_sd, not_ok, where

EXAMPLES = """examples:
  %(prog)s results/mine
  %(prog)s results/mine --metric valid.auc --where corrupt.labels.rate=0
  %(prog)s results/mine --refit --save-model mine.npz"""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, "%s: %s; see %s --help\n" % (command_name(), message, command_name()))


def parser() -> argparse.ArgumentParser:
    p = Parser(prog=command_name(), description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("paths", nargs="+", metavar="DIR|FILE", help="results folders or record files")
    p.add_argument("--metric", metavar="NAME", help="of the validation rows; default: what the study was tuned by, else its first metric")
    p.add_argument("--where", metavar="KEY=VALUE", nargs="+", action="extend", default=[], help="only the trials with that value, as a table shows it")
    p.add_argument("--json", action="store_true", help="the answer as JSON, with the winner's config")
    p.add_argument("--refit", action="store_true", help="train the winner on all rows of its training file; needs --save-model")
    p.add_argument("--save-model", metavar="FILE.npz", help="where the refitted model goes")
    p.add_argument("--out", metavar="FILE", help="write the config that --refit trains there")
    return p


class Setting(NamedTuple):
    text: str                           # loss=gce q=0.7, optimizer.lr=0.1
    trials: List[Trial]
    values: Dict[Tuple[int, ...], float]    # replicate -> the metric
    mean: float
    sd: Optional[float]


# ---- finding the winner ----

def chosen_metric(asked: Optional[str], trials: List[Trial]) -> Tuple[str, bool]:
    """valid.NAME, and whether higher is better."""
    directions = directions_of(trials)
    if not any("valid" in t.splits for t in trials):
        raise Refused("the study has no validation rows, and a winner that the test rows choose is too good there; give data.split.valid a share", 4)
    name = asked or tuned_metric(trials) or next(iter(trials[0].directions), "")
    split, dot, rest = name.partition(".")
    if dot and split in SPLITS:
        if split != "valid":
            raise Refused("--metric %s: the winner is found on the validation rows only, or its %s numbers would be too good; use valid.%s" % (
                name, split, rest))
        name = rest
    if name not in directions:
        raise Refused("unknown metric '%s'%s" % (name, nearest(name, list(directions))))
    return "valid." + name, directions[name] == "higher"


def settings_of(trials: List[Trial], metric: str) -> Tuple[List[Setting], Keys]:
    """One a combination of what varies beside replicates. A setting that lost trials is none where another has them all."""
    keys = Keys(trials)
    over = keys.replicates([REPLICATE] + [k for k in FOLDS if k in keys.varying])
    keys.average_over(over)
    varying = [k for k in keys.varying if not within(k, over)]
    refuse_conditions(trials, keys, [k for k in varying if is_question(k)])
    columns = keys.columns(varying, varying)
    groups: Dict[Tuple[str, ...], List[Trial]] = {}
    for t in trials:
        groups.setdefault(tuple(keys.text(t, k) for k in columns), []).append(t)
    found = []
    for texts, members in groups.items():
        values = {keys.replicate(t): t.metrics[metric] for t in members if t.status == "ok" and metric in t.metrics}
        mean, sd = mean_sd(list(values.values()))
        if mean is not None:
            text = ", ".join("%s=%s" % pair for pair in zip(columns, texts) if pair[1] not in ("-", "tuned"))
            found.append(Setting(text or "the one setting", members, values, mean, sd))
    if not found:
        raise Refused("no trial has a value of %s" % metric, 4)
    most = max(len(s.values) for s in found)
    return [s for s in found if len(s.values) == most], keys


def refuse_conditions(trials: List[Trial], keys: Keys, questions: List[str]) -> None:
    """Data sets and noise rates are questions of their own: a mean over them has no winner."""
    if questions:
        key = questions[0]
        values = list(dict.fromkeys(keys.text(t, key) for t in trials))
        raise Refused("the trials are of %s (%s), each a question of its own; choose one with --where %s=%s" % (
            plural(len(values), "value") + " of " + key, ", ".join(values[:4]) + (", ..." if len(values) > 4 else ""), key, values[0]))


def base_trial(winner: Setting, metric: str, higher: bool) -> Tuple[Trial, str]:
    """The trial whose config is trained again: of what tuning chose most often, the earliest seed; and that choice as text."""
    groups: Dict[Tuple[str, ...], List[Trial]] = {}
    for t in winner.trials:
        if t.status == "ok":
            groups.setdefault(tuple(sorted("%s=%s" % pair for pair in t.chosen.items())), []).append(t)

    def order(item: Tuple[Tuple[str, ...], List[Trial]]) -> Tuple[int, float]:
        mean = mean_sd([t.metrics[metric] for t in item[1] if metric in t.metrics])[0] or 0
        return len(item[1]), mean if higher else -mean

    texts, members = max(groups.items(), key=order)
    text = ", ".join(texts)
    if len(groups) > 1:
        text += " (chosen in %d of %d)" % (len(members), sum(map(len, groups.values())))
    return min(members, key=lambda t: (t.config.get(REPLICATE, 0), t.id)), text


# ---- saying it ----

def number(value: float, sd: Optional[float]) -> str:
    return "%.4g" % value if sd is None else "%.4f ± %.4f" % (value, sd)


def compared(first: Setting, second: Setting, higher: bool) -> str:
    """On equal replicates: how far the second is behind, and how often."""
    shared = [r for r in first.values if r in second.values]
    if not shared:
        return ""
    ahead = [(first.values[r] - second.values[r]) * (1 if higher else -1) for r in shared]
    mean, sd = mean_sd(ahead)
    text = "; behind by %s on equal replicates, in %d of %d" % (number(mean or 0, sd), sum(a > 0 for a in ahead), len(ahead))
    if sd is not None and abs(mean or 0) < 2 * sd * math.sqrt(1 / len(ahead) + overlap(first.trials[0])):
        text += "; that is no clear difference"
    return text


def overlap(t: Trial) -> float:
    """What the variance of a mean over splits is larger by, since the splits share rows (Nadeau and Bengio)."""
    return t.rows.get("valid", 0) / max(1, t.rows.get("train", 0))


def lines(settings: List[Setting], metric: str, higher: bool, chosen: str) -> List[str]:
    winner = settings[0]
    name = metric.split(".", 1)[1]
    out = ["Best by %s: %s" % (metric, winner.text + (", tuned to " + chosen if chosen else ""))]
    for split in ("valid", "test"):
        values = [t.metrics[split + "." + name] for t in winner.trials if t.status == "ok" and split + "." + name in t.metrics]
        mean, sd = mean_sd(values)
        if mean is not None:
            out.append("  %s.%s %s over %s" % (split, name, number(mean, sd), plural(len(values), "trial")))
    if not_ok(winner.trials):
        out.append("  not ok: " + not_ok(winner.trials))
    if len(settings) > 1:
        out.append("Next: %s, %s %s%s" % (settings[1].text, metric, number(settings[1].mean, settings[1].sd), compared(winner, settings[1], higher)))
    return out


# ---- training it on all rows ----

def refit_config(base: Trial, winner: Setting, folder: str) -> Tuple[dict, List[str]]:
    """The config of a training on all rows of the training file, and what it leaves out of the study's. Where a threshold or a
    calibration is fitted, the validation rows stay what they are fitted on."""
    config, left = read_record(str(base.path))["config"], []
    data, train = config["data"], config["train"]
    fitted = [k for k in ("threshold", "calibration") if (config.get("evaluate") or {}).get(k) not in (None, "fixed", "none", "median")]
    data.pop("cv", None)
    share = round(base.rows.get("valid", 0) / max(1, sum(base.rows.get(part, 0) for part in ("train", "valid", "test"))), 4) if fitted and "valid" not in data else 0
    data["split"] = {"train": round(1 - share, 4), "valid": share}
    if fitted:
        left.append("the validation rows, on which the %s is fitted" % " and the ".join(fitted))
    for part in ("valid", "test"):
        if part in data and not (fitted and part == "valid"):
            left.append("the rows of data.%s, which is a file of its own" % part)
            del data[part]
    config.pop("tune", None)
    if (train.get("early_stopping") or {}).get("metric"):
        epochs = [e for e in (best_epoch(t) for t in winner.trials if t.status == "ok") if e]
        train["epochs"] = max(1, round(sum(epochs) / len(epochs))) if epochs else train["epochs"]
        left.append("early stopping: train.epochs is %d, the mean of the best" % train["epochs"])
    train.pop("early_stopping", None)
    for key, block in list((config.get("corrupt") or {}).items()):
        if block not in (0, {"kind": "none"}):
            left.append("corrupt." + key)
    config.pop("corrupt", None)
    train["curves"] = []
    config["output"] = {"dir": folder, "model": True}
    return config, left


def best_epoch(t: Trial) -> Optional[int]:
    return read_record(str(t.path))["result"].get("best_epoch")


def refit(config: dict, model: str) -> int:
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="refit-", encoding="utf-8") as file:
        json.dump(config, file, ensure_ascii=False, indent=1)
        file.flush()
        program = os.environ.get("LOSSBENCH", "lossbench")
        return subprocess.run([program, "train", "--config", file.name, "--save-model", model, "--quiet"], check=False).returncode


def run(args: argparse.Namespace) -> int:
    if args.refit and not args.save_model:
        raise Refused("--refit needs --save-model FILE.npz, where the model goes")
    trials, _ = apply_choices(read_trials(args.paths))
    trials = where(harmonise(trials)[0], args.where)
    metric, higher = chosen_metric(args.metric, trials)
    settings, _ = settings_of(trials, metric)
    settings.sort(key=lambda s: (-s.mean if higher else s.mean, s.text))
    base, chosen = base_trial(settings[0], metric, higher)
    if args.json:
        print(json.dumps({"metric": metric, "setting": settings[0].text, "tuned": chosen, "mean": settings[0].mean, "sd": settings[0].sd,
                          "replicates": len(settings[0].values), "record": str(base.path), "config": read_record(str(base.path))["config"]},
                         ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines(settings, metric, higher, chosen)))
    if not (args.refit or args.save_model or args.out):
        if not args.json:
            print("Train it on all rows: %s %s --refit --save-model best.npz" % (command_name(), " ".join(args.paths)))
        return 0
    return keep_winner(args, base, settings[0])


def keep_winner(args: argparse.Namespace, base: Trial, winner: Setting) -> int:
    folder = os.path.normpath(args.paths[0] if os.path.isdir(args.paths[0]) else os.path.dirname(base.path)) + "-refit"
    config, left = refit_config(base, winner, folder)
    for what in left:
        print("Without " + what, file=sys.stderr)
    if args.out:
        try:
            with open(args.out, "w", encoding="utf-8") as file:
                json.dump(config, file, ensure_ascii=False, indent=1)
        except OSError as error:
            raise Refused("%s: cannot be written (%s)" % (args.out, error.strerror), 5) from None
    if not args.save_model:
        return 0
    sys.stdout.flush()
    status = refit(config, args.save_model)
    if status == 0 and not args.json:
        rows = "all rows" if config["data"]["split"]["train"] == 1 else "%.4g %% of the rows" % (100 * config["data"]["split"]["train"])
        print("%s: trained on %s of %s" % (args.save_model, rows, ((config["data"].get("train") or {}).get("path")) or "the made data"))
    return status


def main(argv: Optional[List[str]] = None) -> int:
    args = parser().parse_args(argv)
    try:
        return run(args)
    except Refused as refusal:
        print("%s: %s" % (command_name(), refusal), file=sys.stderr)
        return refusal.status
    except BrokenPipeError:
        sys.stderr.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
