#!/usr/bin/env python3
"""Writes tests/golden/metrics_ranking.json: what the metrics of rankings within queries must give on random and awkward queries,
by the definitions: ndcg as the mean over all orders of equal scores, one after the other. Run from the project's root; needs numpy;
the seed is fixed."""
import itertools
import json
import math

import numpy as np

rng = np.random.default_rng(20261129)


def orders(s):
    """All orders of the rows by falling score: those of equal scores in every order."""
    groups = [[i for i in range(len(s)) if s[i] == v] for v in sorted(set(s), reverse=True)]
    for chosen in itertools.product(*map(itertools.permutations, groups)):
        yield [i for group in chosen for i in group]


def ndcg(s, r, k, linear, worst):
    """The mean over all orders, or that of the worst one."""
    g = r if linear else 2.0 ** r - 1

    def dcg(values):
        return sum(v / math.log2(m + 2) for m, v in enumerate(values[:k or None]))
    values = [dcg(g[order]) / dcg(np.sort(g)[::-1]) for order in orders(s)]
    return min(values) if worst else float(np.mean(values))


def ordered(s, r):
    """Which places are relevant, of equal scores the less relevant row first."""
    return r[np.lexsort((r, -s))] > 0


def mrr(s, r, k):
    places = np.flatnonzero(ordered(s, r)[:k or None])
    return 1 / (1 + places[0]) if len(places) else 0.0


def ap(s, r, k):
    hit = ordered(s, r)[:k or None]
    return sum(hit[:m + 1].mean() for m in np.flatnonzero(hit)) / min((r > 0).sum(), len(hit))


def precision(s, r, k):
    return ordered(s, r)[:k or None].sum() / (k or len(s))


def hit(s, r, k):
    return float(ordered(s, r)[:k or None].any())


def err(s, r, k, most):
    """Each place's chance that the reader stops there, times its reciprocal."""
    grade = r[np.lexsort((r, -s))][:k or None]
    chance = (2.0 ** grade - 1) / 2.0 ** most
    return None if r.max() > most else sum(np.prod(1 - chance[:m]) * chance[m] / (m + 1) for m in range(len(grade)))


def mean(f, queries, empty):
    """empty: 0 leaves queries without a relevant row out, 1 and 2 count them as 0 and 1."""
    values = [f(s, r) if (r > 0).any() else float(empty == 2) for s, r in queries if empty or (r > 0).any()]
    return float(np.mean(values)) if values and None not in values else None


def case(name, queries):
    values = []
    for empty in (0, 1, 2):
        for k in (0, 1, 3, 10):
            for linear in (0, 1):
                for worst in (0, 1):
                    values.append(("ndcg", [k, empty, linear, worst], mean(lambda s, r: ndcg(s, r, k, linear, worst), queries, empty)))
            for metric, f in (("mrr", mrr), ("map", ap), ("precision_at", precision), ("hit_at", hit)):
                values.append((metric, [k, empty], mean(lambda s, r, f=f: f(s, r, k), queries, empty)))
            values += [("err", [k, empty, most], mean(lambda s, r: err(s, r, k, most), queries, empty)) for most in (1, 3, 4)]
    return {"name": name, "kind": "ranking", "t": 1, "pred_t": [float(v) for s, _ in queries for v in s],
            "target_t": [float(v) for _, r in queries for v in r], "query": [i for i, (s, _) in enumerate(queries) for _ in s],
            "values": [{"metric": m, "par": p, "value": v} for m, p, v in values]}


def draw(n, most, ties):
    queries = []
    for _ in range(n):
        size = rng.integers(1, most + 1)
        s = rng.standard_normal(size)
        queries.append((np.round(s) if ties else s, rng.integers(0, 4, size).astype(float) * (rng.random() < 0.8)))
    return queries


def cases():
    yield case("random queries", draw(20, 12, False))
    yield case("tied scores", draw(20, 7, True))
    yield case("one query", draw(1, 30, False))
    yield case("all scores equal", [(np.zeros(5), np.array([0.0, 2, 0, 1, 0])), (np.ones(2), np.array([1.0, 1]))])
    yield case("no relevant row", [(np.arange(3.0), np.zeros(3)), (np.zeros(1), np.zeros(1))])
    yield case("one row", [(np.array([0.5]), np.array([2.0]))])


if __name__ == "__main__":
    with open("tests/golden/metrics_ranking.json", "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/metrics_ranking.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(c) for c in cases()))
        out.write("\n ]}\n")
