"""The study of unlearning, from results made by hand: which setting counts, what it loses, and what the page claims."""
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "scripts" / "studies")]

import unlearning as u  # noqa: E402


def values(forget, retain, divergence=0.1):
    return {"forget": forget, "retain": retain, "test": retain, "membership gap": 0.1, "divergence": divergence}


def split(ascent, flat, near="npo"):
    """Ways to forget that keep so much on the rows to retain; `near` has the least divergence."""
    kept = {name: values(0, 1, 0.5) for name in u.CONTENDERS}
    kept["gradient_ascent"], kept["flat_unlearn"] = values(0, ascent, 0.9), values(0, flat, 0.4)
    kept[near] = {**kept[near], "divergence": 0.01}
    return u.Split(values(1, 1, 0.3), values(0, 1, 0), kept)


class Chosen(unittest.TestCase):
    def test_the_one_that_keeps_most_of_those_that_forget(self):
        settings = [values(0.9, 1), values(0.51, 0.8), values(0.2, 0.95), values(0, 0.1)]
        self.assertEqual(u.chosen(settings, values(0.5, 1)), settings[2])
        self.assertEqual(u.chosen(settings[:2], values(0.5, 1)), settings[1])                 # a point above

    def test_the_least_where_none_forgets(self):
        settings = [values(0.9, 1), values(0.7, 0.2), values(0.8, 1)]
        self.assertEqual(u.chosen(settings, values(0.5, 1)), settings[1])

    def test_a_training_that_diverged_has_lost_all(self):
        self.assertEqual(u.values({"result": {"metrics": None}}), {"forget": 0, "retain": 0, "test": 0, "membership gap": 1, "divergence": float("inf")})


class Page(unittest.TestCase):
    def page(self, ascent, flat, same=False):
        people = {u.CLASS: [split(ascent, flat)] * 10, u.PERSON: [split(ascent, flat, "npo" if same else "fine-tuning")] * 10}
        return u.page({"digits": {u.ROWS: [split(ascent, flat)] * 10}, "vowel": people})

    def test_claims_hold(self):
        page = self.page(0.85, 0.98)
        self.assertEqual(page.count("**Reproduces.**"), 6)
        self.assertIn("digits, 5 % of the rows +0.150; vowel, a class +0.150", page)
        self.assertIn("| flat_unlearn | 0.000 | 0.980 | 0.980 | 0.100 | 0.400 |", page)

    def test_claims_fail(self):
        page = self.page(0.95, 0.93, True)
        self.assertIn("Gradient ascent loses more than 10 points of accuracy on the rows to retain: **Does not reproduce.**", page)
        self.assertIn("flat_unlearn loses at most 3 points: **Does not reproduce.**", page)
        self.assertIn("flat_unlearn loses less than gradient ascent in 9 of 10 splits: **Does not reproduce.**", page)
        self.assertIn("in 8 of 10 splits (vowel): **Does not reproduce.** In 0.0.", page)

    def test_what_is_forgotten(self):
        self.assertEqual(u.asked("digits"), {u.ROWS: ["rate: 0.05"], u.CLASS: ["class: '3'"]})
        self.assertEqual(list(u.asked("vowel")), [u.CLASS, u.PERSON])
        self.assertEqual(len(u.asked("vowel")[u.PERSON]), 8)


if __name__ == "__main__":
    unittest.main()
