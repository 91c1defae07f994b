"""Average ranks of contenders, over data sets with tests where there are enough of them. Needs numpy and scipy."""
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

import stats
from comparison import ALPHA, Study, lost_rule
from records import plural
from test_tables import Field, Sheet
from wording import p_words


def by_data_set(study: Study) -> List[List[str]]:
    """The conditions of each data set."""
    out: Dict[str, List[str]] = {}
    for c in study.conditions:
        out.setdefault(study.data_set[c], []).append(c)
    return list(out.values())


def score_matrix(study: Study, conditions: List[List[str]]) -> Tuple[np.ndarray, List[int]]:
    """Blocks by contenders, and the blocks that all contenders have. A block is a list of conditions, which are averaged."""
    rows, kept = [], []
    for i, block in enumerate(conditions):
        cells = [[g.score(study.sign) if g else None for g in (study.group(c, at) for at in block)] for c in study.contenders]
        if all(v is not None for row in cells for v in row):
            rows.append([float(np.mean(row)) for row in cells])
            kept.append(i)
    return np.array(rows).reshape(len(rows), len(study.contenders)), kept


@dataclass
class Ranking:
    contenders: List[str]           # by average rank
    mean: List[float]
    blocks: int                     # that were ranked
    left_out: int
    over: str                       # "data set" or the condition's name
    ranks: Optional[stats.Ranks]    # None: no test was made
    sentence: str

    @property
    def blocks_words(self) -> str:
        return plural(self.blocks, self.over)

    @property
    def left_out_words(self) -> str:
        """Empty where nothing was left out."""
        return "%s of %d left out, since a contender has no result there." % (
            plural(self.left_out, self.over), self.left_out + self.blocks) if self.left_out else ""


def ranking(study: Study) -> Optional[Ranking]:
    """Over data sets where there are enough for a test; else over the conditions, without one."""
    blocks = by_data_set(study)
    by_set = len(blocks) >= stats.LEAST_SETS
    scores, kept = score_matrix(study, blocks if by_set else [[c] for c in study.conditions])
    if len(study.contenders) < 2 or not kept:
        return None
    tested = by_set and len(kept) >= stats.LEAST_SETS and len(study.contenders) >= 3
    mean = [float(v) for v in stats.ranks_of(scores).mean(axis=0)]
    order = sorted(range(len(mean)), key=lambda j: mean[j])
    total = len(blocks) if by_set else len(study.conditions)
    few = stats.too_few(len(kept) if by_set else len(blocks), stats.LEAST_SETS, "data sets", "Friedman's test and Nemenyi's critical difference")
    ranks = stats.friedman(scores, ALPHA) if tested else None
    sentence = friedman_words(ranks, len(order)) if ranks else (few or "Two contenders need no test of more than two.") + (
        "" if by_set else " The ranks are over %s; conditions of the same data set are not independent." % plural(
            len(kept), study.condition_name))
    return Ranking([study.contenders[j] for j in order], [mean[j] for j in order], len(kept), total - len(kept),
                   "data set" if by_set else study.condition_name, ranks, sentence)


def friedman_words(r: stats.Ranks, k: int) -> str:
    n = r.n
    return ("Friedman's test over %d data sets: chi2 = %.2f (corrected for ties), %s; Iman and Davenport: F(%d, %d) = %.2f, %s; "
            "Nemenyi's critical difference at 0.05: %.3f.%s" % (
                n, r.chi2_ties, p_words(r.p), k - 1, (k - 1) * (n - 1), r.f, p_words(r.f_p), r.cd,
                " With fewer than ten data sets the approximation is rough." if n < 10 else ""))


def ranks_sheet(study: Study) -> Sheet:
    r = ranking(study)
    title = "Average ranks by %s, 1 is best" % study.metric_words
    if r is None:
        return Sheet("ranks", title, [Field(study.what, "word")], [],
                     ["No ranks: they need two contenders that all have results on at least one common %s." % study.condition_name])
    rows = [[c, m] for c, m in zip(r.contenders, r.mean)]
    fields = [Field(study.what, "word"), Field("rank")]
    notes = [r.sentence]
    if r.left_out:
        notes.append(r.left_out_words)
    if r.ranks:
        control = r.contenders[0] if study.control == "all" else study.control
        over, words = across_sets(study, control)
        fields += [Field("p Wilcoxon", "p"), Field("Wilcoxon Holm", "p"), Field("P(worse)", "p"), Field("P(same)", "p"), Field("P(better)", "p")]
        rows = [row + over.get(str(row[0]), [None] * 5) for row in rows]
        notes.append(words)
    return Sheet("ranks", title, fields, rows, notes, lost_rule(study))


def across_sets(study: Study, control: str) -> Tuple[Dict[str, List[Optional[float]]], str]:
    """Each contender against the control on means by data set."""
    scores, _ = score_matrix(study, by_data_set(study))
    at = study.contenders.index(control)
    names = [c for c in study.contenders if c != control]
    tests = []
    for c in names:
        a, b = scores[:, study.contenders.index(c)], scores[:, at]
        with np.errstate(invalid="ignore"):
            d = np.where(np.isinf(a) & np.isinf(b), 0.0, a - b)
        tests.append((stats.wilcoxon(d), stats.bayes_signed_rank(d, study.rope)))
    enough = len(scores) >= stats.LEAST_PAIRS
    adjusted = stats.holm([w.p for w, _ in tests])
    out = {c: [w.p if enough else None, h if enough else None, *b] for c, (w, b), h in zip(names, tests, adjusted)}
    few = stats.too_few(len(scores), stats.LEAST_PAIRS, "data sets", "Wilcoxon's signed-rank test")
    return out, ("Against %s, on means by data set: %s; P(worse), P(same), P(better) by the Bayesian signed-rank test, region of practical "
                 "equivalence ± %g." % (control, few.rstrip(".") if few else "Wilcoxon's signed-rank test with Holm's correction", study.rope))
