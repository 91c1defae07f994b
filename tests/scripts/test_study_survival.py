"""The page of scripts/studies/survival.py on made records whose verdicts are known, and on a short run of its configs."""
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

try:
    from studies import survival as study
except ImportError as error:
    raise unittest.SkipTest("needs %s: scripts/setup.sh study" % error.name) from error

LOSSES = ("cox", "cox breslow", "aft normal", "aft logistic", "aft extreme", *study.INTERVALS, "concordance")


def made(changed=None):
    """The same values for every loss in ten splits, but for the changed ones: {(loss, metric): difference}."""
    changed = changed or {}
    out = {}
    for name in LOSSES:
        out[name] = {}
        for m, base in (("harrell", 0.6), ("uno", 0.6), ("integrated_brier", 0.2)):
            values = [base + 0.01 * math.sin(k) + changed.get((name, m), 0) * (1 + 0.01 * math.cos(k)) for k in range(10)]
            out[name][m] = [math.nan] * 10 if name == "concordance" and m == "integrated_brier" else values
    return out


CONSTANT = [0.25 + 0.001 * math.cos(k) for k in range(10)]


class Page(unittest.TestCase):
    def test_no_difference_is_no_claim(self):
        lines = study.verdicts(made(), CONSTANT)
        for line, word in zip(lines, ("Does not hold", "Does not hold", "Does not hold", "Holds", "Holds")):
            self.assertIn("**%s.**" % word, line)

    def test_clear_differences_hold(self):
        changed = {("concordance", "harrell"): 0.05, ("discrete_pmf", "integrated_brier"): -0.03, ("aft logistic", "integrated_brier"): -0.02,
                   ("cox breslow", "harrell"): 0.01, ("aft extreme", "integrated_brier"): 0.06}
        lines = study.verdicts(made(changed), CONSTANT)
        for line, word in zip(lines, ("Holds", "Holds", "Holds", "Does not hold", "Does not hold")):
            self.assertIn("**%s.**" % word, line)
        self.assertIn("discrete_pmf, takes +0.0300", lines[1])
        self.assertIn("aft logistic, takes +0.0200", lines[2])
        self.assertIn("Not clearly so: aft extreme.", lines[4])

    def test_the_wrong_way_does_not_hold(self):
        lines = study.verdicts(made({("concordance", "harrell"): -0.05}), CONSTANT)
        self.assertIn("**Does not hold.** harrell -0.0500", lines[0])

    def test_batches(self):
        values = {name: made()["cox"] for name in ("cox, 8", "cox, 480", "concordance, 8", "concordance, 480")}
        self.assertIn("**Does not hold.**", study.batch_verdict(values))
        values["cox, 8"] = made({("cox", "harrell"): -0.05})["cox"]
        self.assertIn("**Holds.**", study.batch_verdict(values))

    def test_table_marks_the_best_mean(self):
        lines = study.loss_table(made({("cox", "harrell"): 0.1, ("cox", "integrated_brier"): 0.1, ("aft normal", "integrated_brier"): -0.1}), CONSTANT)
        row = {line.split(" | ")[0][2:]: line for line in lines[2:-1]}
        self.assertTrue(row["cox"].startswith("| cox | **0.7"))
        self.assertNotIn("**0.2", row["cox"])
        self.assertTrue(row["aft normal"].endswith("** |"))
        self.assertTrue(row["concordance"].endswith("| none |"))

    @unittest.skipUnless((ROOT / "lossbench").exists(), "lossbench is not built")
    def test_a_short_run(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("configs/survival", "datasets/samples"):
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(ROOT / "configs" / "survival", Path(folder) / "configs" / "survival")
            os.symlink(ROOT / "datasets" / "samples", Path(folder) / "datasets" / "samples")
            records = {}
            for key, sets in (("gbsg", []), ("lung", []), ("batches", ["train.epochs=2"])):
                words = ["--config", "configs/survival/%s.yaml" % key] + [w for s in ["train.seed=1,2"] + sets for w in ("--set", s)]
                done = subprocess.run([str(ROOT / "lossbench"), "sweep", *words, "--jobs", "1", "--quiet"], cwd=folder, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                trials = (Path(folder) / "results" / ("survival-" + key) / "trials").glob("*.json")
                records[key] = [study.json_of(p) for p in trials]
            found = {key: (study.collect(records[key], study.name_of), study.baselines(records[key])) for key in study.SETS}
            self.assertEqual(set(found["gbsg"][0]), set(LOSSES))
            self.assertEqual({len(v["harrell"]) for v in found["lung"][0].values()}, {2})
            batches = study.collect(records["batches"], study.batch_name)
            text = study.page(found, batches)
            self.assertEqual(text.count("olds.**") + text.count("hold.**"), 11)
            self.assertEqual(text.count("| Kaplan-Meier, no features |"), 2)
            for values, constant in found.values():
                self.assertGreater(min(values["cox"]["harrell"]), 0.5)
                self.assertTrue(all(0.05 < v < 0.3 for v in constant))


if __name__ == "__main__":
    unittest.main()
