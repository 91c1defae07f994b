"""Trainings on rows that a study makes for each split. Needs NumPy."""
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

import numpy

from study_common import ROOT, Run, best_trials, trained, value_of


def accuracy(trial: dict) -> float:
    return value_of(trial, "valid", "accuracy")


class MadeRows(NamedTuple):
    """Of one split of a set."""
    run: Run
    config: str
    folder: Path
    name: str
    seed: int

    def best(self, part: str, x: numpy.ndarray, y: numpy.ndarray, options: Sequence[str] = (), good: Callable[[dict], float] = accuracy) -> dict:
        """Writes the rows into FOLDER/NAME-SEED-PART.npz and trains on them: of the settings the one that is best on validation rows."""
        path, place = self.folder / ("%s-%d-%s.npz" % (self.name, self.seed, part)), self.folder / self.name
        place.mkdir(parents=True, exist_ok=True)
        numpy.savez(path, X=x, y=y)
        trials = trained(self.run.binary, self.config, place, self.run.jobs, [
            "data.train.path=%s" % path.relative_to(ROOT), "train.seed=%d" % self.seed, "output.dir=%s" % place.relative_to(ROOT), *options], quiet=True)
        return best_trials(trials, lambda t: self.seed, good)[self.seed]
