"""lossbench advise: which loss for this data? Looks at the data, picks losses by what it finds, compares them within a time by nested
cross-validation, and answers in words, with the config that repeats it, the model and a page. Needs numpy and scipy."""
import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from records import Refused, command_name, shown_path, visible

BEGUN = time.monotonic()                    # before the imports that take long
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_at_once(number: int, frame: object) -> None:
    """Ctrl-C before there is anything to lose, in an import, too; Bench.catch_signals takes over."""
    os.write(2, ("%s: interrupted\n" % command_name()).encode())
    os._exit(130)


if __name__ == "__main__":
    for each in SIGNALS:
        signal.signal(each, end_at_once)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)     # cmd/advise.c keeps them back while Python starts
try:
    import advise_answer
    import advise_losses
    from advise_data import Findings, look
    from advise_losses import PLAIN, Choice
    from advise_runs import Bench, Job, Plan, Setting, Stopped, program
    from advise_tournament import (ALL_ROWS, EVERY_ROW, MOST_ROUNDS, Probe, Step, Tournament, cost_of_round, first_plan, fit_plan, probe)
    from advise_verdict import LEAST_FOLDS, Values, judge, settled
except ImportError as error:
    print("%s: %s is missing; install python3-numpy and python3-scipy, or name a Python that has them in LOSSBENCH_PYTHON" % (
        command_name(), error.name), file=sys.stderr)
    sys.exit(5)

FOLDS = 5
SCHEMA = "lossbench-advise/1"
STATE = "advise.json"
LOSSES, PROBE_SHARE = 6, 0.85               # losses beside the plain one; share of the time that the folds may take
MOST_AT_ONCE = 10                           # seconds of a round whose folds are trained together, which costs less beside the trainings
ROUND_SHARE = 0.4                    # of the time, which a round takes less than where its folds are trained together
SHORT = 30                                  # seconds; with no more, the folds without which there is no answer are trained together
OVERTIME = 1.1                              # of the time, after which a running sweep is broken off


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The options as cmd/advise.c hands them over, which has checked them."""
    p = argparse.ArgumentParser(prog=command_name(), allow_abbrev=False)
    p.add_argument("data")
    for name in ("label", "labels", "format", "out", "metric", "task"):
        p.add_argument("--" + name)
    p.add_argument("--minutes", type=float, default=5.0)
    p.add_argument("--model", choices=("auto", "linear", "mlp"), default="auto")
    p.add_argument("--losses", type=lambda text: [w for w in text.split(",") if w], default=[])
    p.add_argument("--set", action="append", default=[], dest="sets")
    p.add_argument("--jobs", type=int, default=0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--json", action="store_true")
    p.add_argument("--quiet", action="store_true")
    return p.parse_args(words)


def main() -> int:
    args = arguments(sys.argv[1:])
    try:
        return Advice(args, BEGUN).run()
    except Refused as refused:
        print("\n".join(map(visible, ("%s: %s" % (command_name(), refused)).split("\n"))), file=sys.stderr)
        return refused.status
    except Stopped:
        print("%s: interrupted before there was an answer; the same command goes on" % command_name(), file=sys.stderr)
        return 130
    except OSError as error:
        print("%s: %s: %s" % (command_name(), shown_path(str(error.filename or "")), error.strerror), file=sys.stderr)
        return 5


class Base(NamedTuple):
    """The part of a config that says what the data are, as `lossbench init` writes it."""
    name: str
    text: str


def base_of(text: str, task: str) -> Base:
    lines = text.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("name: "))
    end = next(i for i, line in enumerate(lines) if line.startswith(("corrupt:", "model:")))
    kept = [line for line in lines[begin:end] if not line.startswith("  split:")]
    guessed = next(line for line in kept if line.startswith("task: "))
    if guessed.split()[1] != task:                      # classes that are amounts
        kept = [line for line in kept if not line.startswith(("  positive:", "  preprocess:"))]
        kept = ["task: " + task if line == guessed else line for line in kept] + ["  preprocess: {standardize: true, target: standardize}"]
    return Base(kept[0][len("name: "):].split(" ")[0], "\n".join(["name: advise"] + kept[1:]))


def dropped_by(bench: Bench, proposed: str) -> List[str]:
    """The columns that the proposed config leaves out: those that the user names, and those that count the rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "init.yaml"
        path.write_text(proposed, encoding="utf-8")
        return json.loads(bench.command("config", "resolve", str(path)))[0]["data"].get("drop") or []


class Advice:
    def __init__(self, args: argparse.Namespace, begun: Optional[float] = None):
        self.args = args
        self.options: List[str] = []
        for name in ("label", "labels", "format"):
            self.options += ["--" + name, getattr(args, name)] if getattr(args, name) else []
        for text in args.sets:
            if not text.startswith("data.") or text.startswith(("data.split", "data.cv")):
                raise Refused("--set: found \"%s\", allowed: a data.* option other than data.split and data.cv" % text)
            self.options += ["--set", text]
        self.models = {"auto": [0, advise_losses.HIDDEN], "linear": [0], "mlp": [advise_losses.HIDDEN]}[args.model]
        self.begun = time.monotonic() if begun is None else begun
        self.budget = args.minutes * 60
        self.stops_early, self.tells = True, True   # the study scripts/studies/advise.py turns them off
        self.also: List[str] = []                   # losses tried beside those chosen
        self.told: dict = {}
        self.steps: Dict[Tuple[int, int], Step] = {}
        self.state: dict = {}

    # ---- the way ----

    def run(self) -> int:
        stresses = self.open()
        known = advise_losses.catalogue(self.bench.command)
        if self.args.losses:
            advise_losses.named(self.findings.task, self.args.losses, known)
        try:
            choices, probed, plan, tournament = self.prepare(known, stresses)
            stopped = self.compare(tournament, plan)
        finally:
            self.save_state()
        if len(self.steps) < LEAST_FOLDS:
            raise Stopped(True) if stopped == "user" else Refused(
                "no answer: %d of at least %d folds gave results for every loss; %s/trials says why" % (len(self.steps), LEAST_FOLDS, self.folder), 1)
        return self.answer(choices, probed, plan, tournament, stopped)

    def open(self) -> Dict[str, str]:
        """Looks at the data and takes up the folder; what the losses are tried under beside the data as they are, and the metrics of that."""
        bench = Bench(program(), Path("."), "", "", [], self.args.jobs or os.cpu_count() or 1)
        bench.catch_signals()
        proposed = bench.command("init", self.args.data, *self.options)
        findings = look(bench.command, self.args.data, self.options, dropped_by(bench, proposed), self.args.task)
        base = base_of(proposed, findings.task)
        bench.folder = self.folder = Path(self.args.out or "results/advise-" + base.name)
        bench.base, bench.task = base.text, findings.task
        self.metric = self.args.metric or metric_for(findings)
        stresses = stresses_for(findings, self.metric)
        bench.metrics = list(dict.fromkeys([self.metric, *stresses.values()]))
        self.bench, self.findings = bench, findings
        self.open_state()
        return stresses

    def probe_alone(self) -> Probe:
        """What the data show, without a comparison."""
        self.open()
        first = first_plan(self.findings, self.budget, FOLDS, max(self.models), self.bench.workers)
        return probe(self.bench, self.findings, first, self.models, self.metric, self.budget, self.args.seed)

    def prepare(self, known: Dict[Tuple[str, str], dict], stresses: Dict[str, str]) -> Tuple[List[Choice], Probe, Plan, Tournament]:
        """Probes the data, chooses losses, and makes the plan, or takes up that of an earlier start."""
        left = max(1.0, self.budget - self.spent())
        first = Plan(*self.state["first"]) if "first" in self.state else first_plan(self.findings, self.budget, FOLDS, max(self.models), self.bench.workers)
        self.state["first"] = list(first)
        self.say("looking at %s: a probe with %s" % (self.args.data, PLAIN[self.findings.task]))
        probed = probe(self.bench, self.findings, first, self.models, self.metric, left, self.args.seed,
                       self.state.get("repeats"))
        self.state["repeats"] = probed.repeats
        choices = (advise_losses.named(self.findings.task, self.args.losses, known) if self.args.losses else
                   advise_losses.choose(self.findings.task, self.findings, probed.traits, known, LOSSES))
        if "choices" in self.state:
            choices = [Choice(*words) for words in self.state["choices"]]
        choices += [c for c in advise_losses.named(self.findings.task, self.also, known) if c.name not in [own.name for own in choices]]
        asked_for = bool(self.args.losses or self.also)
        if "plan" in self.state:
            plan, extra = Plan(*self.state["plan"]), self.state["stresses"]
        else:
            asked = first._replace(losses=len(choices) - 1)
            plan, extra = fit_plan(asked, probed.seconds_each, (left - (time.monotonic() - self.begun)) * PROBE_SHARE, len(stresses))
            plan = plan._replace(losses=len(choices) - 1 if asked_for else min(plan.losses, len(choices) - 1))
            self.state.update(plan=list(plan), stresses=extra, round=cost_of_round(plan, probed.seconds_each, extra))
        choices = choices[:plan.losses + 1]
        self.state["choices"] = [list(c) for c in choices]
        settings = advise_losses.all_settings(choices, self.findings.task, known, plan, self.models)
        self.save_state()
        tournament = Tournament(self.bench, plan, choices, settings, self.metric, self.higher(), stresses if extra else {}, self.args.seed)
        self.say("%d losses, %d settings each, %d outer folds a round" % (len(choices), plan.settings, plan.folds))
        return choices, probed, plan, tournament

    def compare(self, tournament: Tournament, plan: Plan) -> str:
        """Outer folds until the time is over or nothing can change; what ended it: settled, time, all or user."""
        why, before, lasted = "all", time.monotonic(), 0.0
        already = self.state.get("steps", 0)
        together = plan.folds if self.state["round"] < min(MOST_AT_ONCE, ROUND_SHARE * self.budget) else 1

        def done() -> bool:
            nonlocal why, before, lasted
            now = time.monotonic()
            lasted, before = max(now - before, 0.8 * lasted), now
            n = len(self.steps)
            self.report_step(plan)
            if n < max(LEAST_FOLDS, min(already, plan.folds * MOST_ROUNDS)):
                return False
            self.bench.deadline = self.begun + self.budget * OVERTIME - self.state.get("spent", 0.0)
            if self.stops_early and n % plan.folds == 0 and settled(self.values(), PLAIN[self.findings.task], tournament.higher, plan.ratio(),
                                               advise_answer.is_share(self.metric), plan.folds * MOST_ROUNDS):
                why = "settled" if n < plan.folds * MOST_ROUNDS else "all"
                return True
            if self.spent() + lasted * (1 + 1 / len(tournament.losses)) + 2 > self.budget:
                why = "time"
                return True
            return False

        try:
            tournament.run(self.steps, together, done, LEAST_FOLDS if self.budget <= SHORT else 1)
        except Stopped as stopped:
            why = "user" if stopped.by_user else "time"
        self.state["steps"] = max(len(self.steps), already if why == "user" else 0)
        return why

    def answer(self, choices: List[Choice], probed: Probe, plan: Plan, tournament: Tournament, stopped: str) -> int:
        plain = PLAIN[self.findings.task]
        verdict = judge(self.values(), plain, tournament.higher, plan.ratio(), advise_answer.is_share(self.metric))
        under = {}
        for kind, metric in tournament.stresses.items():
            told = [s.stressed[kind] for s in self.steps.values() if kind in s.stressed]
            if len(told) >= LEAST_FOLDS:
                under[kind] = (metric, judge({name: [t[name] for t in told] for name in tournament.losses}, plain,
                                             True if metric != self.metric else tournament.higher, plan.ratio(), advise_answer.is_share(metric)))
        made = self.keep(verdict.choice, plan, tournament, stopped)
        diverged = [name for s in self.steps.values() for name in s.diverged]
        result = advise_answer.Result(self.args.data, self.findings, choices, probed, plan, self.metric, verdict, under, made, stopped,
                                      self.bench.trained, self.spent(), str(self.folder), self.baseline(plan), diverged)
        advise_answer.write(result, self.folder)
        self.save_state()
        self.told = advise_answer.as_json(result)
        if self.tells:
            print(json.dumps(self.told, indent=1, ensure_ascii=False, allow_nan=False) if self.args.json else advise_answer.as_text(result))
        return 130 if stopped == "user" else 0

    def keep(self, loss: str, plan: Plan, tournament: Tournament, stopped: str) -> advise_answer.Kept:
        """The config that repeats the comparison, the settings of the recommended loss for all rows, and its model."""
        jobs = [Job(name, step.chosen[name], *at) for at, step in self.steps.items() for name in tournament.losses]
        head = ("# The comparison of lossbench advise on its outer folds, each loss with the settings that the inner folds chose for it.\n"
                "# lossbench sweep --config %s finds its records; --set output.dir=DIR trains them again.\n" % (self.folder / "config.yaml"))
        (self.folder / "config.yaml").write_text(head + self.bench.config(jobs, plan), encoding="utf-8")
        self.bench.deadline = None
        if stopped == "user":
            return advise_answer.Kept(most_frequent([s.chosen[loss] for s in self.steps.values()]), False)
        try:
            self.say("settings of %s for all rows, and its model" % loss)
            setting = tournament.tune(self.args.seed, [ALL_ROWS], [loss])[ALL_ROWS, loss]
            path = self.folder / "model.yaml"
            path.write_text("# What lossbench advise recommends, on every row.\n" + self.bench.config([Job(loss, setting, self.args.seed, EVERY_ROW)], plan), encoding="utf-8")
            self.bench.command("train", "--config", str(path), "--save-model", str(self.folder / "model.npz"), "--quiet")
            return advise_answer.Kept(setting, True)
        except Stopped:
            return advise_answer.Kept(most_frequent([s.chosen[loss] for s in self.steps.values()]), False)

    # ---- what it knows ----

    def values(self) -> Values:
        steps = list(self.steps.values())
        return {name: [s.test[name] for s in steps] for name in steps[0].test}

    def record_of(self, plan: Plan) -> Optional[dict]:
        """Any record of an outer fold, for what is the same in all."""
        for path in sorted((self.folder / "trials").glob("*.json")):
            found = self.bench.record(path.stem)
            if found and found["data"]["rows"].get("test"):
                return found
        return None

    def higher(self) -> bool:
        record = self.record_of(Plan(*self.state["first"]))
        return record is None or record["directions"].get(self.metric) != "lower"

    def baseline(self, plan: Plan) -> Optional[float]:
        """What a constant model reaches on a fold."""
        record = self.record_of(plan)
        return (((record or {}).get("baseline") or {}).get("metrics") or {}).get("test", {}).get(self.metric)

    def spent(self) -> float:
        return self.state.get("spent", 0.0) + time.monotonic() - self.begun

    def report_step(self, plan: Plan) -> None:
        n = len(self.steps)
        if n:
            last = list(self.steps.values())[-1]
            best = (max if self.higher() else min)(last.test, key=last.test.get)
            self.say("fold %d (round %d of at most %d): best %s %.4g; %.0f of %.0f s" % (
                n, (n - 1) // plan.folds + 1, MOST_ROUNDS, best, last.test[best], self.spent(), self.budget))

    def say(self, text: str) -> None:
        if not self.args.quiet:
            print(text, file=sys.stderr, flush=True)

    # ---- what stays between two starts ----

    def asked(self) -> dict:
        return {"data": self.findings.info.get("sha256"), "options": self.options, "metric": self.metric, "task": self.findings.task, "models": self.models, "losses": self.args.losses,
                "seed": self.args.seed}

    def open_state(self) -> None:
        path = self.folder / STATE
        if path.exists():
            try:
                self.state = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                raise Refused("%s: it is not JSON; choose another --out" % shown_path(str(path)), 4) from None
            if not isinstance(self.state, dict) or self.state.get("schema") != SCHEMA or self.state.get("asked") != self.asked():
                raise Refused("%s: it is of other data or other options; choose another --out, or start with the same" % shown_path(str(path)))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state.update(schema=SCHEMA, asked=self.asked())

    def save_state(self) -> None:
        made = json.dumps({**self.state, "spent": self.spent()}, indent=1)
        temporary = self.folder / (STATE + ".new")
        temporary.write_text(made + "\n", encoding="utf-8")
        temporary.replace(self.folder / STATE)


def most_frequent(settings: Sequence[Setting]) -> Setting:
    return max(dict.fromkeys(settings), key=list(settings).count)


def metric_for(findings: Findings) -> str:
    """By what losses are judged where the user does not say."""
    if findings.task == "regression":
        return "rmse"
    if findings.one_large_class():
        return "auc" if findings.task == "binary" else "balanced_accuracy"
    return "accuracy"


def stresses_for(findings: Findings, metric: str) -> Dict[str, str]:
    if findings.task == "regression":
        return {"outliers": metric}
    return {"noise": metric, "imbalance": metric if metric == "auc" else "balanced_accuracy"}


if __name__ == "__main__":
    sys.exit(main())
