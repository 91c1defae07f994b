#!/usr/bin/python3
"""Writes tests/golden/metrics_distribution.json: what the metrics of quantiles and of normal distributions must give on random splits:
the quantiles' from their definitions with numpy, the log density and the distance of the probability integral transforms by scipy.stats, the CRPS of a normal
distribution by mpmath's quadrature. Run it from the project's root; needs numpy, scipy, mpmath."""
import json

import mpmath as mp
import numpy as np
from scipy import stats

rng = np.random.default_rng(20261129)


def finish(name, target, output, said, values):
    """said is (n, t, outputs); the first output stands for the prediction."""
    return {"name": name, "kind": "regression", "t": target.shape[1], "pred_t": said[:, :, 0].ravel().tolist(),
            "target_t": target.ravel().tolist(), "output": output, "said": said.ravel().tolist(),
            "values": [{"metric": m, "par": [], "value": v if v is None else float(v)} for m, v in values]}


def quantiles(name, target, levels, q):
    tau, u = np.array(levels), target[:, :, None] - q
    low, high = q[:, :, int(np.argmin(tau))], q[:, :, int(np.argmax(tau))]
    pair = len(levels) > 1
    return finish(name, target, [{"says": "quantile", "level": v} for v in levels], q, [
        ("pinball", np.where(u >= 0, tau * u, (tau - 1) * u).mean()),
        ("interval_coverage", ((low <= target) & (target <= high)).mean() if pair else None),
        ("interval_width", (high - low).mean() if pair else None),
        ("crps", 2 * np.where(u >= 0, tau * u, (tau - 1) * u).mean()),
        ("pit_deviation", np.abs((target[:, :, None] <= q).mean(axis=0) - tau).max(axis=1).mean()),
    ])


def normals(name, target, mean, sd):
    return finish(name, target, [{"says": "mean"}, {"says": "sd"}], np.stack([mean, sd], axis=2),
                  [("gaussian_nll", -stats.norm.logpdf(target, mean, sd).mean()), ("crps", crps(target, mean, sd)),
                   ("pit_deviation", np.mean([stats.kstest(u, "uniform").statistic for u in stats.norm.cdf(target, mean, sd).T]))])


def crps(target, mean, sd):
    """The integral itself, below and above the target."""
    total = mp.mpf(0)
    for y, m, s in zip(*(v.ravel().tolist() for v in (target, mean, sd))):
        u = (mp.mpf(y) - m) / s
        points = sorted({-mp.inf, mp.mpf(-4), mp.mpf(0), mp.mpf(4), u, mp.inf})
        parts = [mp.quad(lambda x: (mp.ncdf(x) if b <= u else mp.ncdf(-x)) ** 2, [a, b]) for a, b in zip(points, points[1:])]
        total += s * mp.fsum(parts)
    return total / target.size


def cases():
    for levels, n, t in (([0.1, 0.5, 0.9], 40, 1), ([0.05, 0.95], 30, 3), ([0.5], 10, 2), ([0.2, 0.4, 0.6, 0.8], 1, 1)):
        target = 10 * rng.standard_normal((n, t))
        q = target[:, :, None] + np.sort(8 * rng.standard_normal((n, t, len(levels))), axis=2)
        yield quantiles("%d levels, %d x %d" % (len(levels), n, t), target, levels, q)
    target = rng.standard_normal((20, 1))
    yield quantiles("quantiles that cross", target, [0.1, 0.9], rng.standard_normal((20, 1, 2)))
    yield quantiles("quantiles at the target", target, [0.25, 0.75], np.repeat(target[:, :, None], 2, axis=2))
    for n, t, scale in ((50, 1, 1), (20, 3, 100), (1, 1, 1e-3)):
        target = scale * rng.standard_normal((n, t))
        yield normals("normals, %d x %d, scale %g" % (n, t, scale), target, target + scale * rng.standard_normal((n, t)),
                      scale * np.exp(rng.standard_normal((n, t))))


if __name__ == "__main__":
    with open("tests/golden/metrics_distribution.json", "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/metrics_distribution.py",\n "cases": [\n')
        out.write(",\n".join("  " + json.dumps(case) for case in cases()))
        out.write("\n ]}\n")
