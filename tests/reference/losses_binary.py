#!/usr/bin/python3
"""Writes tests/golden/losses_binary.json: the margin losses, plain and weighted, and the losses of a whole batch (metrics, pairs,
overlap, random derivatives), from definitions: pairs are summed one by one, the Jaccard extension is sorted. See losses.py; run it
from the project's root."""
import inspect
import json
import math
import random
import sys

import mpmath
import torch

import losses
from losses import BINARY, Digits, Torch, hinge, logistic, softplus

Torch.atan, Digits.atan = torch.atan, mpmath.atan
Torch.sin, Digits.sin = torch.sin, mpmath.sin


def margin_loss(name, phi):
    """A loss of one row from phi(m, s, ...), s = z or -z."""
    def loss(m, z, y, **par):
        return phi(m, z[0] if y else -z[0], **par)
    loss.__name__ = name
    return loss


def positive(m, x):
    return m.largest([x, 0 * x])


def sig(m, x):
    return 1 / (1 + m.exp(-x)) if m.value(x) > 0 else m.exp(x) / (1 + m.exp(x))


def squared_hinge(m, s):
    return positive(m, 1 - s) ** 2


def smoothed_hinge(m, s, gamma=1.0):
    u = 1 - s
    return 0 * s if m.value(u) <= 0 else u ** 2 / (2 * gamma) if m.value(u) < gamma else u - gamma / 2


def modified_huber(m, s):
    return positive(m, 1 - s) ** 2 if m.value(s) >= -1 else -4 * s


def squared_margin(m, s):
    return (1 - s) ** 2


def exponential(m, s):
    return m.exp(-s)


def perceptron(m, s):
    return positive(m, -s)


def savage(m, s, scale=2.0):
    return sig(m, -scale * s) ** 2


def tangent(m, s):
    return (2 * m.atan(s) - 1) ** 2


def clip(m, x):
    return x * 0 if m.value(x) < 0 else x * 0 + 1 if m.value(x) > 1 else x


def ramp(m, s):
    return clip(m, (1 - s) / 2)


def ramp_unit(m, s, gamma=1.0):
    return clip(m, 1 - gamma * s)


def sigmoid(m, s, scale=1.0):
    return sig(m, -scale * s)


def unhinged(m, s):
    return 1 - s


def pinball_hinge(m, s, tau=0.5):
    return 1 - s if m.value(s) <= 1 else tau * (s - 1)


def barrier_hinge(m, s, b=2.0, r=1.0):
    return m.largest([-b * (r + s) + r, b * (s - r), r - s])


def inv_hinge(m, s):
    return 1 - s if m.value(s) <= 1 else 1 / s - 1


def log_hinge(m, s):
    return 1 - s if m.value(s) <= 1 else -m.log(s)


def focal(m, s, gamma=2.0):
    return sig(m, -s) ** gamma * softplus(m, -s)


def robust_logistic(m, s, kappa=0.1):
    return softplus(m, -(s - kappa))


def robust_hinge(m, s, kappa=0.1):
    return positive(m, 1 - (s - kappa))


def weighted_bce(m, z, y, w_pos=1.0, w_neg=1.0):
    return w_pos * softplus(m, -z[0]) if y else w_neg * softplus(m, z[0])


def focal_alpha(m, z, y, alpha=0.25, gamma=2.0):
    s = z[0] if y else -z[0]
    return (alpha if y else 1 - alpha) * focal(m, s, gamma)


def smoothed_bce(m, z, y, eps=0.1):
    return softplus(m, z[0]) - (y * (1 - eps) + eps / 2) * z[0]


def logit_adjusted_bce(m, z, y, counts, tau=1.0):
    n0, n1 = (max(n, 1) for n in counts)
    a = tau * mpmath.log(mpmath.mpf(n1) / n0)
    return logistic(m, [z[0] + (float(a) if m is Torch else a)], y)


def ldam_binary(m, z, y, counts, max_m=0.5, s=30.0):
    seen = [n for n in counts if n > 0]
    d = max_m * (mpmath.mpf(counts[y]) / min(seen)) ** mpmath.mpf(-0.25) if counts[y] else max_m
    return softplus(m, -s * ((z[0] if y else -z[0]) - (float(d) if m is Torch else d)))


def cost_sensitive_hinge(m, z, y, c_fn=1.0, c_fp=1.0):
    return (c_fn if y else c_fp) * hinge(m, z, y)


def mse_sigmoid(m, z, y):
    return (sig(m, z[0]) - y) ** 2


def mae_sigmoid(m, z, y):
    return m.abs(sig(m, z[0]) - y)


def fbeta_surrogate_lee(m, z, y, counts, beta=1.0):
    n0, n1 = (max(n, 1) for n in counts)
    c = beta ** 2 * n1 / n0
    return softplus(m, -z[0]) if y else m.log(c + sig(m, z[0]))


# ---- one value a batch: z is a list of rows of one score ----


def columns(z, y):
    return [r[0] for r in z], sum(y), len(y) - sum(y)


def amplified(m, x, amp, steepness, centre, width):
    p = sig(m, x)
    if amp == "identity":
        return p
    if amp == "any":
        return sig(m, steepness * (p - 0.5))
    u = (p - centre) / width
    pi = math.pi if m is Torch else mpmath.pi
    return 0 * p if m.value(u) <= -1 else 0 * p + 1 if m.value(u) >= 1 else (1 + u + m.sin(pi * u) / pi) / 2


def metric_loss(name, metric):
    """1 - M of soft counts; 1 where M cannot be taken."""
    extra = {k: v.default for k, v in inspect.signature(metric).parameters.items() if v.default is not v.empty}

    def loss(m, z, y, amp="any", steepness=73.0, centre=0.5, width=0.1, **par):
        scores, n1, n0 = columns(z, y)
        a = [amplified(m, v, amp, steepness, centre, width) for v in scores]
        tp, fp = sum(v * k for v, k in zip(a, y)), sum(v * (1 - k) for v, k in zip(a, y))
        value = metric(m, tp, fp, n1 - tp, n0 - fp, n1, n0, **{**extra, **par})
        return 0 * scores[0] + 1 if value is None else 1 - value
    loss.__name__ = name
    return loss


def root(m, x):
    return x ** 0.5 if m is Torch else mpmath.sqrt(x)


def accuracy(m, tp, fp, fn, tn, n1, n0):
    return (tp + tn) / (n1 + n0)


def precision(m, tp, fp, fn, tn, n1, n0, eps=0.0):
    return tp / (tp + fp + eps) if n1 and m.value(tp + fp + eps) > 0 else None


def recall(m, tp, fp, fn, tn, n1, n0):
    return tp / n1 if n1 else None


def specificity(m, tp, fp, fn, tn, n1, n0):
    return tn / n0 if n0 else None


def fbeta(m, tp, fp, fn, tn, n1, n0, beta=1.0, eps=0.0):
    b = beta ** 2
    return (1 + b) * tp / ((1 + b) * tp + fp + b * fn + eps) if n1 else None


def gmean(m, tp, fp, fn, tn, n1, n0):
    return root(m, tp * tn / (n1 * n0)) if n1 and n0 and m.value(tp * tn) > 0 else None


def gmean_sq(m, tp, fp, fn, tn, n1, n0):
    return tp * tn / (n1 * n0) if n1 and n0 else None


def balanced_accuracy(m, tp, fp, fn, tn, n1, n0):
    return (tp / n1 + tn / n0) / 2 if n1 and n0 else None


def tss(m, tp, fp, fn, tn, n1, n0):
    return tp / n1 + tn / n0 - 1 if n1 and n0 else None


def csi(m, tp, fp, fn, tn, n1, n0, eps=0.0):
    return tp / (tp + fp + fn + eps) if n1 else None


def hss(m, tp, fp, fn, tn, n1, n0):
    d = (tp + fn) * (fn + tn) + (tp + fp) * (tn + fp)
    return 2 * (tp * tn - fp * fn) / d if n1 and n0 else None


def mcc(m, tp, fp, fn, tn, n1, n0):
    r = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / root(m, r) if n1 and n0 and m.value(r) > 0 else None


METRICS = [accuracy, precision, recall, specificity, fbeta, gmean, gmean_sq, balanced_accuracy, tss, csi, hss, mcc]
METRIC = {f.__name__: metric_loss("metric_" + f.__name__, f) for f in METRICS}


def batch_balanced_bce(m, z, y):
    scores, n1, n0 = columns(z, y)
    b = len(y)
    return sum(n0 * softplus(m, -v) if k else n1 * softplus(m, v) for v, k in zip(scores, y)) / b ** 2


def bce_fbeta_mix(m, z, y, r=0.7, beta=1.0):
    return (1 - r) * batch_balanced_bce(m, z, y) + r * METRIC["fbeta"](m, z, y, amp="identity", beta=beta)


def pairwise(name, psi):
    def loss(m, z, y, **par):
        pos, neg = [r[0] for r, k in zip(z, y) if k], [r[0] for r, k in zip(z, y) if not k]
        if not pos or not neg:
            return 0 * z[0][0]
        return sum(psi(m, a - b, **par) for a in pos for b in neg) / (len(pos) * len(neg))
    loss.__name__ = name
    return loss


pairwise_squared = pairwise("pairwise_squared", lambda m, d, margin=1.0: (margin - d) ** 2)
pairwise_squared_hinge = pairwise("pairwise_squared_hinge", lambda m, d, margin=1.0: positive(m, margin - d) ** 2)
pairwise_hinge = pairwise("pairwise_hinge", lambda m, d, margin=1.0: positive(m, margin - d))
pairwise_exponential = pairwise("pairwise_exponential", lambda m, d: m.exp(-d))


def split(m, z, y, act):
    h = [sig(m, r[0]) if act == "sigmoid" else r[0] for r in z]
    return [v for v, k in zip(h, y) if k], [v for v, k in zip(h, y) if not k]


def mean(v):
    return sum(v) / len(v)


def aucm_exact(m, z, y, margin=1.0, act="sigmoid"):
    pos, neg = split(m, z, y, act)
    if not pos or not neg:
        return 0 * z[0][0]
    a, b = mean(pos), mean(neg)
    return mean([(v - a) ** 2 for v in pos]) + mean([(v - b) ** 2 for v in neg]) + positive(m, margin + b - a) ** 2


def aucm_v2(m, z, y, a=1.0, b=0.0, alpha=0.0, margin=1.0, act="sigmoid"):
    pos, neg = split(m, z, y, act)
    if not pos or not neg:
        return 0 * z[0][0]
    return (mean([(v - a) ** 2 for v in pos]) + mean([(v - b) ** 2 for v in neg])
            + 2 * alpha * (margin + mean(neg) - mean(pos)) - alpha ** 2)


def aucm_v1(m, z, y, a=1.0, b=0.0, alpha=0.0, margin=1.0, act="sigmoid"):
    """The means run over all rows; p is the share of positives of the batch."""
    h = [sig(m, r[0]) if act == "sigmoid" else r[0] for r in z]
    p = sum(y) / len(y) if m is Torch else mpmath.mpf(sum(y)) / len(y)
    if p in (0, 1):
        return 0 * z[0][0]
    return ((1 - p) * mean([(v - a) ** 2 * k for v, k in zip(h, y)]) + p * mean([(v - b) ** 2 * (1 - k) for v, k in zip(h, y)])
            + 2 * alpha * (p * (1 - p) * margin + mean([p * v * (1 - k) - (1 - p) * v * k for v, k in zip(h, y)]))
            - p * (1 - p) * alpha ** 2)


def ap_surrogate(m, z, y, margin=1.0):
    scores, n1, n0 = columns(z, y)
    if not n1 or not n0:
        return 0 * scores[0]
    total = 0
    for i, k in zip(scores, y):
        if k:
            pair = [positive(m, margin - (i - s)) ** 2 for s in scores]
            total = total + mean([v * t for v, t in zip(pair, y)]) / mean(pair)
    return 1 - total / n1


def pair_losses(m, z, y, margin):
    pos, neg = split(m, z, y, "none")
    return [[positive(m, margin - (a - b)) ** 2 for b in neg] for a in pos]


def pauc_kl(m, z, y, lam=1.0, margin=1.0):
    rows = pair_losses(m, z, y, margin)
    if not rows or not rows[0]:
        return 0 * z[0][0]
    tops = [max(row, key=m.value) for row in rows]
    return mean([top + lam * m.log(mean([m.exp((v - top) / lam) for v in row])) for row, top in zip(rows, tops)])


def pauc_cvar(m, z, y, beta=0.2, margin=1.0):
    rows = pair_losses(m, z, y, margin)
    if not rows or not rows[0]:
        return 0 * z[0][0]
    k = max(1, math.floor(beta * len(rows[0])))
    return mean([mean(sorted(row, key=m.value)[-k:]) for row in rows])


def max_negative_rank(m, z, y, w_pos=1.0, mu=1.0):
    bce = mean([weighted_bce(m, r, k, w_pos) for r, k in zip(z, y)])
    pos, neg = split(m, z, y, "sigmoid")
    if not pos or not neg:
        return bce
    q = m.largest(neg)
    return bce + mu * sum(positive(m, q - p) ** 2 for p in pos) / (len(pos) + 1)


def overlap(name, ratio):
    def loss(m, z, y, **par):
        return ratio(m, [sig(m, r[0]) for r in z], y, **par)
    loss.__name__ = name
    return loss


def ratio_loss(m, upper, lower):
    return 1 - upper / lower if m.value(lower) > 0 else 0 * lower + 1


def both(p, y):
    return sum(v * k for v, k in zip(p, y))


def tversky_of(m, p, y, a_fp, b_fn, eps):
    tp, fp, fn = both(p, y), sum(v * (1 - k) for v, k in zip(p, y)), sum((1 - v) * k for v, k in zip(p, y))
    return ratio_loss(m, tp + eps, tp + a_fp * fp + b_fn * fn + eps)


dice = overlap("dice", lambda m, p, y, eps=1.0: ratio_loss(m, 2 * both(p, y) + eps, sum(p) + sum(y) + eps))
dice_squared = overlap("dice_squared", lambda m, p, y, eps=1.0:
                       ratio_loss(m, 2 * both(p, y) + eps, sum(v ** 2 for v in p) + sum(y) + eps))
tversky = overlap("tversky", lambda m, p, y, a_fp=0.3, b_fn=0.7, eps=1.0: tversky_of(m, p, y, a_fp, b_fn, eps))
focal_tversky = overlap("focal_tversky", lambda m, p, y, a_fp=0.3, b_fn=0.7, gamma=4 / 3, eps=1.0:
                        tversky_of(m, p, y, a_fp, b_fn, eps) ** (1 / (gamma if m is Torch else mpmath.mpf(gamma))))
soft_jaccard = overlap("soft_jaccard", lambda m, p, y, eps=1.0:
                       ratio_loss(m, both(p, y) + eps, sum(p) + sum(y) - both(p, y) + eps))


def lovasz_hinge(m, z, y):
    """Berman et al., algorithm 1: errors in falling order against the growth of the Jaccard loss."""
    rows = sorted(((1 - (r[0] if k else -r[0]), k) for r, k in zip(z, y)), key=lambda e: -m.value(e[0]))
    total, before, hit, extra, size = 0, 0, 0, 0, sum(y)
    for error, k in rows:
        hit, extra = hit + k, extra + 1 - k
        loss = mpmath.mpf(1) - mpmath.mpf(size - hit) / (size + extra)
        step = loss - before
        total = total + positive(m, error) * (float(step) if m is Torch else step)
        before = loss
    return total


def ensloss(m, z, y, seen, box_cox=0.0, xi=(), seed=0):
    """seen: the scores at which the derivatives were drawn, plain numbers; the draws are those given."""
    s = [r[0] if k else -r[0] for r, k in zip(seen, y)]
    lam = mpmath.mpf(box_cox)
    draw = [mpmath.mpf(xi[i % len(xi)]) for i in range(len(s))]
    size = [mpmath.exp(v) if lam == 0 else
            max(1 + lam * v, 0) ** (1 / lam) if 1 + lam * v > 0 or lam > 0 else mpmath.inf for v in draw]
    r = sorted(max(-v, -1) for v in size)
    total = 0
    for rank, i in enumerate(sorted(range(len(s)), key=lambda j: s[j])):
        g = (r[rank] / s[i] if s[i] > 1 else r[rank]) - mpmath.mpf(10) ** -6
        total = total + (float(g) if m is Torch else g) * (z[i][0] if y[i] else -z[i][0])
    return total / len(s)


AMPS = ["", "steepness=10", "amp=identity", "amp=cosine", "amp=cosine centre=0.3 width=0.25"]
XI = "xi=[0.5,-1,0.2,-0.3]"
MARGIN = [
    (squared_hinge, [""]), (smoothed_hinge, ["", "gamma=0.1", "gamma=3"]), (modified_huber, [""]), (squared_margin, [""]),
    (exponential, [""]), (perceptron, [""]), (savage, ["", "scale=1", "scale=0.3"]), (tangent, [""]), (ramp, [""]),
    (ramp_unit, ["", "gamma=0.2", "gamma=3"]), (sigmoid, ["", "scale=0.3", "scale=4"]), (unhinged, [""]),
    (pinball_hinge, ["", "tau=0", "tau=1"]), (barrier_hinge, ["", "b=1", "b=5 r=2"]), (inv_hinge, [""]), (log_hinge, [""]),
    (focal, ["", "gamma=0", "gamma=0.5", "gamma=5"]), (robust_logistic, ["", "kappa=0", "kappa=2"]),
    (robust_hinge, ["", "kappa=0", "kappa=2"]),
]
ROWS = [(margin_loss(f.__name__, f), settings) for f, settings in MARGIN] + [
    (weighted_bce, ["", "w_pos=10", "w_pos=0 w_neg=3"]), (focal_alpha, ["", "alpha=0.9 gamma=0.5", "alpha=1"]),
    (smoothed_bce, ["", "eps=0", "eps=0.5"]), (logit_adjusted_bce, ["", "tau=0.5", "tau=2"]),
    (ldam_binary, ["", "s=1", "max_m=2 s=5"]), (cost_sensitive_hinge, ["", "c_fn=5", "c_fn=0 c_fp=2"]), (mse_sigmoid, [""]),
    (mae_sigmoid, [""]), (fbeta_surrogate_lee, ["", "beta=2"]),
]
EXTRA = {"precision": ["eps=1e-5"], "fbeta": ["beta=0.5", "beta=2 amp=identity", "eps=1e-5"], "csi": ["eps=1e-5"]}
BATCHES = [(METRIC[f.__name__], AMPS + EXTRA.get(f.__name__, [])) for f in METRICS] + [
    (batch_balanced_bce, [""]), (bce_fbeta_mix, ["", "r=0.1 beta=2", "r=0", "r=1"]),
    (pairwise_squared, ["", "margin=0.1"]), (pairwise_squared_hinge, ["", "margin=0.1"]), (pairwise_hinge, ["", "margin=0.1"]),
    (pairwise_exponential, [""]), (aucm_exact, ["", "act=none", "margin=0.3"]),
    (aucm_v1, ["a=0.6 b=0.3 alpha=0.4", "a=0.6 b=0.3 alpha=0.4 act=none"]),
    (aucm_v2, ["a=0.6 b=0.3 alpha=0.4", "a=0.6 b=0.3 alpha=0.4 act=none"]), (ap_surrogate, ["", "margin=0.3"]),
    (pauc_kl, ["", "lam=0.3", "lam=10 margin=2"]), (pauc_cvar, ["", "beta=0.5", "beta=1 margin=2"]),
    (max_negative_rank, ["", "w_pos=2", "mu=0"]), (dice, ["", "eps=0"]), (dice_squared, ["", "eps=0"]),
    (tversky, ["", "a_fp=0.5 b_fn=0.5 eps=0", "a_fp=0"]), (focal_tversky, ["", "gamma=1", "gamma=3 eps=0"]),
    (soft_jaccard, ["", "eps=0"]), (lovasz_hinge, [""]),
    (ensloss, [XI, "box_cox=0.5 " + XI, "box_cox=-0.7 " + XI]),
]
SHAPES = [(1, 1), (7, 1), (12, 1)]


def parameters(text):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in
            ((k, json.loads(v)) if v.startswith("[") else (k, losses.parameters(f"{k}={v}")[k])
             for k, v in (pair.split("=") for pair in text.split()))}


def value_of(m, loss, batch, z, case, par):
    given = inspect.signature(loss).parameters
    extra = {"counts": case["counts"]} if "counts" in given else {"seen": case["z"]} if "seen" in given else {}
    if batch:
        return loss(m, z, case["y"], **extra, **par)
    return sum(loss(m, row, k, **extra, **par) for row, k in zip(z, case["y"])) / len(z)


def by_torch(loss, batch, case, par):
    z = torch.tensor(case["z"], dtype=torch.float64, requires_grad=True)
    value = value_of(Torch, loss, batch, [list(row) for row in z], case, par)
    value.backward()
    return float(value), z.grad.tolist()


def by_digits(loss, batch, case, par):
    step = mpmath.mpf(10) ** -25
    par = {k: mpmath.mpf(v) if isinstance(v, float) else v for k, v in par.items()}
    z = [[mpmath.mpf(row[0])] for row in case["z"]]

    def at(i, h):
        moved = [[row[0] + (h if j == i else 0)] for j, row in enumerate(z)]
        return value_of(Digits, loss, batch, moved, case, par)
    grad = [[float((at(i, step) - at(i, -step)) / (2 * step))] for i in range(len(z))]
    return float(value_of(Digits, loss, batch, z, case, par)), grad


def write_golden(path):
    rng, lines = random.Random(20240506), []
    for loss, settings, batch in [(*row, False) for row in ROWS] + [(*row, True) for row in BATCHES]:
        for setting in settings:
            sizes = [(shape, scale, by_torch) for shape in SHAPES for scale in (1, 4)]
            sizes += [(SHAPES[1], scale, by_digits) for scale in (20, 300, 5000)]
            for shape, scale, source in sizes:
                case = losses.make_case(BINARY, loss, setting, shape, scale, rng)
                if "counts" in inspect.signature(loss).parameters:
                    case["counts"] = [rng.choice([0, 1, 5, 40, 300, 7000]) for _ in range(2)]
                with mpmath.workdps(400 if "exponential" in loss.__name__ else 80):  # values to 1e308 against a step of 1e-25
                    case["value"], case["grad"] = source(loss, batch, case, parameters(setting))
                case["source"] = "torch" if source is by_torch else "mpmath"
                if all(abs(v) < 1e38 for v in [case["value"]] + [row[0] for row in case["grad"]]):  # float32 holds it, too
                    lines.append("  " + json.dumps(case))
    with open(path, "w", encoding="ascii") as out:
        out.write('{"made_by": "tests/reference/losses_binary.py",\n "cases": [\n' + ",\n".join(lines) + "\n ]}\n")


if __name__ == "__main__":
    write_golden(sys.argv[1] if len(sys.argv) > 1 else "tests/golden/losses_binary.json")
