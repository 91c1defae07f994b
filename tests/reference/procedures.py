#!/usr/bin/python3
"""Writes tests/golden/procedures.json: losses of the steps and parameters after some epochs of training procedures on rows, labels and
weights, by PyTorch's automatic differentiation of the formulas, mixtures of two components by scikit-learn (Gaussians) and SciPy
(betas), clusters by scikit-learn, and Gaussians of classes by NumPy. Run it from the project's root; needs numpy, scipy, scikit-learn, torch.
tests/unit/core/engine/step/test_procedures_worked.c, test_useful.c there, test_two_components.c, test_two_means.c and test_class_gaussians.c of
tests/unit/core/training compare."""
import json

import numpy as np
import torch
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
OUT = "tests/golden/procedures.json"
ROWS, D, BATCH, LR = 14, 3, 5, 0.5
rng = np.random.default_rng(20261130)
X = np.round(rng.normal(size=(ROWS, D)), 4)
Y = {"binary": rng.integers(0, 2, ROWS), "multiclass": np.concatenate([[0, 1, 2], rng.integers(0, 3, ROWS - 3)])}
GROUP = np.concatenate([[0, 1, 2], rng.integers(0, 3, ROWS - 3)])
HIDDEN = 4
DRAWN = [13, 7, 8, 5, 9, 6, 0, 1, 10, 11, 3, 4, 12, 2]  # the rows in the order in which the program draws those to hold, of train.seed 1


def mixture(kind, v):
    """Probability of the component of lower mean of each loss, and means (Gaussians) or shares (betas) of the components."""
    v = np.asarray(v, float)
    x = (v - v.min()) / (v.max() - v.min() + 1e-6)
    if kind == "gaussian":
        fit = GaussianMixture(2, tol=1e-9, reg_covar=1e-6, max_iter=100, weights_init=[0.5, 0.5], means_init=[[x.min()], [x.max()]],
                              precisions_init=[[[1 / x.var()]]] * 2).fit(x[:, None])
        return fit.predict_proba(x[:, None])[:, np.argmin(fit.means_)], fit.means_.ravel()
    x = np.clip(x, 1e-4, 1 - 1e-4)
    a, b, share = np.array([1.0, 2]), np.array([2.0, 1]), np.array([0.5, 0.5])

    def posterior():
        density = np.stack([share[k] * stats.beta.pdf(x, a[k], b[k]) for k in range(2)])
        return density / density.sum(0)

    for _ in range(10):
        r = posterior()
        m = (r * x).sum(1) / r.sum(1)
        s = (r * (x - m[:, None]) ** 2).sum(1) / r.sum(1)
        share, a = r.mean(1), m * (m * (1 - m) / s - 1)
        b = a * (1 - m) / m
    return posterior()[np.argmin(a / (a + b))], share


class Plain:
    def __init__(self, c, **par):
        self.c = c
        self.__dict__.update(par)

    def epoch(self, e, net):
        pass

    def read(self, net):
        return net

    def loss(self, e, i, z, y, v):
        return v.mean()

    def changed(self, g):
        return g

    def stepped(self, net):
        pass

    def own(self):
        """Parameters of the procedure, which take plain steps."""
        return []


class SelfPaced(Plain):
    def loss(self, e, i, z, y, v):
        lam, l = self.lam * self.growth ** e, v.detach()
        if self.kind == "hard":
            w = (l < lam) * 1.0
        elif self.kind == "linear":
            w = torch.clamp(1 - l / lam, min=0)
        elif self.kind == "log":
            w = torch.where(l < lam, torch.log(l + 1 - lam) / np.log(1 - lam), torch.zeros_like(l))
        else:
            w = torch.where(l <= self.zeta, torch.ones_like(l), torch.clamp((1 / l - 1 / lam) * lam * self.zeta / (lam - self.zeta), min=0))
        return (w * v).mean()


class Spectral(Plain):
    def loss(self, e, i, z, y, v):
        t = torch.arange(len(v) + 1) / len(v)
        s = t ** self.r if self.kind == "extremile" else (torch.exp(self.r * t) - 1) / (np.exp(self.r) - 1)
        return ((s[1:] - s[:-1]) * torch.sort(v).values).sum()


class Harmonising(Plain):
    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.acc = np.zeros(self.bins)

    def loss(self, e, i, z, y, v):
        g = 1 - probabilities(z)[range(len(y)), y].detach().numpy()
        at, w, n = np.minimum((g * self.bins).astype(int), self.bins - 1), np.zeros(len(y)), 0
        for k in range(self.bins):
            if (at == k).any():
                self.acc[k] = self.momentum * self.acc[k] + (1 - self.momentum) * (at == k).sum()
                w[at == k] = len(y) / self.acc[k]
                n += 1
        return (torch.tensor(w / n) * v).sum() / len(y)


class Divide(Plain):
    kept = np.ones(ROWS, bool)

    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.last = np.full(ROWS, np.nan)

    def epoch(self, e, net):
        if e >= self.warmup:
            self.kept = mixture(self.kind, self.last)[0] >= self.threshold
            assert 0 < self.kept.sum() < ROWS

    def loss(self, e, i, z, y, v):
        self.last[i] = v.detach().numpy()
        return (torch.tensor(self.kept[i] * ROWS / self.kept.sum()) * v).mean()


class Curriculum(Divide):
    def epoch(self, e, net):
        if e < self.warmup:
            return
        if e == self.warmup:
            self.order = np.argsort(self.sign * self.last, kind="stable")
        n = int((self.start + (1 - self.start) * min((e - self.warmup) / self.ramp, 1)) * ROWS + 1e-9)
        self.kept = np.isin(np.arange(ROWS), self.order[:n])


class Meta(Plain):
    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.ids, self.step = DRAWN[:int(self.held * ROWS)], 0

    def epoch(self, e, net):
        self.net = net

    def slope(self, value):
        g = torch.autograd.grad(value, [t for layer in self.net for t in layer], retain_graph=True)
        return torch.cat([t.reshape(-1) for t in g])

    def loss(self, e, i, z, y, v):
        n = min(len(self.ids), BATCH)
        on = [self.ids[(self.step * n + k) % len(self.ids)] for k in range(n)]
        self.step += 1
        held = self.slope(row_losses(scores(self.net, on), Y[self.c["task"]][on]).mean())
        raw = torch.stack([0 * one if row in self.ids else torch.clamp(self.slope(one) @ held, min=0) for row, one in zip(i, v)]).detach()
        return (raw / raw.sum() * v).sum() if raw.sum() > 0 else 0 * v.sum()


class GroupDro(Plain):
    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.group = GROUP * 3 + Y[c["task"]] if self.by_label else GROUP
        self.n = {g: (self.group == g).sum() for g in set(self.group)}
        self.q = {g: 1 / len(self.n) for g in self.n}

    def loss(self, e, i, z, y, v):
        risk = {g: v[self.group[i] == g].mean() for g in set(self.group[i])}
        for g, r in risk.items():
            self.q[g] *= np.exp(self.eta * (float(r) + self.adjust / np.sqrt(self.n[g])))
        total = sum(self.q.values())
        self.q = {g: q / total for g, q in self.q.items()}
        return sum(self.q[g] * r for g, r in risk.items())


class Vrex(Plain):
    def loss(self, e, i, z, y, v):
        risk = torch.stack([v[GROUP[i] == g].mean() for g in sorted(set(GROUP[i]))])
        return risk.mean() + (e >= self.start) * self.lam * ((risk - risk.mean()) ** 2).mean()


class Irm(Plain):
    def loss(self, e, i, z, y, v):
        total, groups = 0, sorted(set(GROUP[i]))
        for g in groups:
            on, w = GROUP[i] == g, torch.ones(1, requires_grad=True)
            risk = row_losses(z[on] * w, y[on]).mean()
            slope = torch.autograd.grad(risk, w, create_graph=True)[0]
            total = total + (v[on].mean() + (e >= self.start) * self.lam * slope ** 2) / len(groups)
        return total.sum()


class Ensemble(Plain):
    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.t = one_hot(c)

    def loss(self, e, i, z, y, v):
        if e < self.start:
            return v.mean()
        p = probabilities(z)
        self.t[i] = self.momentum * self.t[i] + (1 - self.momentum) * p.detach()
        return -(self.t[i] * torch.log(p)).sum(1).mean()


class Joint(Ensemble):
    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.said = [None] * self.average

    def epoch(self, e, net):
        if e >= self.start:
            self.t = torch.stack(self.said).mean(0)
            if self.hard:
                self.t = F.one_hot(self.t.argmax(1), self.t.shape[1]).double()
        self.now = torch.zeros_like(self.t)
        self.said[e % self.average] = self.now

    def loss(self, e, i, z, y, v):
        p = probabilities(z)
        self.now[i] = p.detach()
        said_equally = -torch.log(p.shape[1] * p.mean(0)).mean()
        return -(self.t[i] * torch.log(p)).sum(1).mean() + self.alpha * said_equally - self.beta * (p * torch.log(p)).sum(1).mean()


class Quantise(Plain):
    def read(self, net):
        out = []
        for k, (w, b) in enumerate(net):
            if k < len(net) - 1 or self.last:
                size = w.detach().abs()
                if self.kind == "uniform":
                    s = size.max(1, keepdim=True).values / (2 ** (self.bits - 1) - 1)
                    q = s * torch.round(w.detach() / s)
                elif self.kind == "binary":
                    q = size.mean(1, keepdim=True) * torch.sign(w.detach())
                else:
                    s = 4 / 3 * size.mean(1, keepdim=True)
                    q = s * torch.round(torch.clamp(w.detach() / s, -1, 1))
                w = w + (q - w).detach()
            out.append((w, b))
        return out


class Allocate(Plain):
    """Bits of each output; whole bits by sorting all single bits by what they save, since the losses of one output fall."""
    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.square = None

    def epoch(self, e, net):
        self.rows = [w for w, _ in net]
        if e < self.start:
            self.k = [torch.full((w.shape[0],), float(int(self.bits))) for w in self.rows]
        else:
            cost = [(float((w.detach()[o].abs().max() ** 2) * s[o].mean()), w.shape[1], k, o) for k, (w, s) in enumerate(zip(self.rows, self.square)) for o in range(len(w))]
            self.k = [torch.full((w.shape[0],), float(self.least)) for w in self.rows]
            left = (self.bits - self.least) * sum(w.numel() for w in self.rows)
            wanted = sorted(((-c * (4.0 ** -b if self.law == "quarter" else (2 ** (b - 1) - 1.0) ** -2), i) for i, (c, *_) in enumerate(cost) for b in range(self.least, self.most) if c > 0))
            full = set()
            for _, i in wanted:
                _, n, k, o = cost[i]
                if i in full or n > left:
                    full.add(i)
                    continue
                self.k[k][o] += 1
                left -= n
        self.square = [torch.zeros_like(w) for w in self.rows]

    def read(self, net):
        out = []
        for (w, b), k in zip(net, self.k):
            s = w.detach().abs().max(1, keepdim=True).values / (2 ** (k[:, None] - 1) - 1)
            out.append((w + (s * torch.round(w.detach() / s) - w).detach(), b))
        return out

    def changed(self, g):
        self.square = [s + w ** 2 for s, (w, _) in zip(self.square, g)]
        return g


class Biper(Plain):
    e, scale = 0, None

    def epoch(self, e, net):
        self.e = e
        self.scale = self.scale or [w.detach().abs().mean(1, keepdim=True).requires_grad_() for w, _ in net[:len(net) - (not self.last)]]

    def read(self, net):
        out = []
        for k, (w, b) in enumerate(net):
            if k < len(self.scale):
                wave = torch.sin(self.omega * w)
                if self.e >= self.soft:
                    wave = wave + (torch.sign(wave) - wave).detach()
                w = self.scale[k] * wave
            out.append((w, b))
        return out

    def own(self):
        return [(a, self.scale_rate) for a in self.scale]


class Prune(Plain):
    def __init__(self, c, **par):
        super().__init__(c, **par)
        self.mask = self.kept = None
        self.done = 0

    def epoch(self, e, net):
        tensors = [w for w, _ in net]
        self.mask = self.mask or [torch.ones_like(w) for w in tensors]
        if e == self.rewind:
            self.kept = [[t.detach().clone() for t in layer] for layer in net], [[v.clone() for v in layer] for layer in self.c["velocity"]]
        if not e or e % self.every or self.done == self.rounds:
            return
        self.done += 1
        for parts in [[k] for k in range(len(net))] if self.by_layer else [range(len(net))]:
            left = torch.cat([tensors[k][self.mask[k] > 0].detach().abs() for k in parts])
            take = int(self.rate * len(left) + 1e-9)
            if take:
                bound = torch.sort(left).values[take - 1]
                for k in parts:
                    self.mask[k] = self.mask[k] * (tensors[k].detach().abs() > bound)
        if self.rewind >= 0:
            for layer, velocity, back, back_velocity in zip(net, self.c["velocity"], *self.kept):
                for t, v, b, bv in zip(layer, velocity, back, back_velocity):
                    t.data.copy_(b)
                    v.copy_(bv)
        self.stepped(net)

    def changed(self, g):
        return [(w * m, b) for (w, b), m in zip(g, self.mask)]

    def stepped(self, net):
        for (w, _), m in zip(net, self.mask):
            w.data.mul_(m)


def one_hot(c):
    return F.one_hot(torch.tensor(Y[c["task"]]), 2 if c["task"] == "binary" else 3).double()


def probabilities(z):
    if z.shape[1] == 1:
        return torch.cat([torch.sigmoid(-z), torch.sigmoid(z)], 1)
    return torch.softmax(z, 1)


def row_losses(z, y):
    y = torch.as_tensor(y)
    if z.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(z[:, 0], y.double(), reduction="none")
    return F.cross_entropy(z, y, reduction="none")


def flat(net):
    return torch.cat([t.detach().reshape(-1) for layer in net for t in layer]).tolist()


def scores(net, i):
    z = torch.tensor(X[i])
    for k, (w, b) in enumerate(net):
        z = z @ w.T + b
        z = torch.tanh(z) if k < len(net) - 1 else z
    return z


def two_means(x, first, second):
    return KMeans(2, init=x[[first, second]], n_init=1, tol=0, algorithm="lloyd").fit(x).labels_


def late_rows(z, y):
    """The rows of the cluster of greater mean loss, class by class."""
    loss, late = row_losses(z, y).numpy(), []
    for k in sorted(set(y)):
        on = np.flatnonzero(y == k)
        label = two_means(z.numpy()[on], loss[on].argmin(), loss[on].argmax())
        late += list(on[label == np.argmax([loss[on][label == i].mean() for i in range(2)])])
    return sorted(late)


def held_rows():
    for task in "binary", "multiclass":
        for settings, held, hidden in [("held=0.3", 0.3, False), ("held=0.5", 0.5, True), ("held=0.1", 0.1, True)]:
            c = train(Meta, {"name": "meta_weights", "set": settings, "task": task, "hidden": hidden, "momentum": 0.5, "epochs": 4}, held=held)
            del c["z"]
            yield c


def gaussians():
    draw = np.random.default_rng(11)
    y = np.repeat([0, 2, 3, 4], [30, 25, 6, 1])  # class 1 has no rows
    draw.shuffle(y)
    x = np.round(draw.normal(size=(len(y), 3)) @ draw.normal(size=(3, 3)) + y[:, None] * [1, -1, 0.5], 4)
    for trim, tail, borrow, q, ridge in [(0.2, 0.3, 0.4, 1, 0.1), (0, 0, 0.5, 2, 0.01), (0.45, 0.9, 0.25, 2, 0.3), (0.1, 0.3, 1, 5, 0.2)]:
        rows = np.bincount(y, minlength=5)
        mean, cov = np.zeros((5, 3)), np.zeros((5, 3, 3))
        for k in np.flatnonzero(rows):
            on = x[y == k]
            order = np.argsort(((on - np.median(on, 0)) ** 2).sum(1), kind="stable")
            kept = on[order[:len(on) - int(trim * len(on) + 1e-9)]]
            mean[k], cov[k] = kept.mean(0), np.cov(kept.T, bias=True)
        out = []
        for k in range(5):
            m, s = mean[k], cov[k]
            if 0 < rows[k] < tail * rows.max():
                others = np.array([c for c in range(5) if rows[c] and rows[c] >= tail * rows.max()])
                near = others[np.argsort(((mean[others] - m) ** 2).sum(1), kind="stable")][:q]
                m, s = (1 - borrow) * m + borrow * mean[near].mean(0), (1 - borrow) * s + borrow * cov[near].mean(0)
            out.append({"mean": m.tolist(), "lower": (np.linalg.cholesky(s + ridge * np.eye(3)) if rows[k] else 0 * s).ravel().tolist()})
        yield {"x": x.ravel().tolist(), "y": y.tolist(), "trim": trim, "tail": tail, "borrow": borrow, "neighbours": q, "ridge": ridge, "classes": out}


def trained_again():
    for task, hidden, momentum, first, copies in [("binary", False, 0, 2, 1), ("multiclass", False, 0.5, 1, 1), ("multiclass", True, 0.5, 3, 2), ("binary", True, 0, 1, 3)]:
        def run(epochs, **more):
            return train(Plain, {"task": task, "hidden": hidden, "momentum": momentum, "epochs": epochs}, **more)
        late = [int(i) for i in late_rows(run(first)["z"], Y[task])]
        assert 0 < len(late) < ROWS
        c = run(4, order=list(range(ROWS)) + copies * late)
        del c["z"]
        yield dict(c, first=first, copies=copies, late=late)


def clusters():
    for n, d in (9, 1), (40, 2), (60, 5):
        x = np.round(rng.normal(size=(n, d)) + 2 * rng.integers(0, 2, (n, 1)), 4)
        first, second = (int(v) for v in rng.choice(n, 2, False))
        yield {"x": x.ravel().tolist(), "d": d, "first": first, "second": second, "in": two_means(x, first, second).tolist()}


def train(make, c, order=range(ROWS), **par):
    order = np.array(order)
    sizes = [D] + ([HIDDEN] if c["hidden"] else []) + [1 if c["task"] == "binary" else 3]
    draw = np.random.default_rng(7)
    net = [(torch.tensor(np.round(draw.normal(size=(o, i)), 4), requires_grad=True), torch.tensor(np.round(draw.normal(size=o) / 4, 4), requires_grad=True))
           for i, o in zip(sizes, sizes[1:])]
    c.update(start=flat(net), losses=[], velocity=[[torch.zeros_like(t) for t in layer] for layer in net])
    how = make(c, **par)
    for e in range(c["epochs"]):
        how.epoch(e, net)
        for first in range(0, len(order), BATCH):
            i = order[first:first + BATCH]
            z = scores(how.read(net), i)
            y = Y[c["task"]][i]
            value = how.loss(e, i, z, y, row_losses(z, y))
            own = how.own()
            g = torch.autograd.grad(value, [t for layer in net for t in layer] + [t for t, _ in own])
            for (t, rate), one in zip(own, g[2 * len(net):]):
                t.data.sub_(LR * rate * one)
            g = g[:2 * len(net)]
            for layer, velocity, gs in zip(net, c["velocity"], how.changed(list(zip(g[::2], g[1::2])))):
                for t, v, one in zip(layer, velocity, gs):
                    v.mul_(c["momentum"]).add_(one)
                    t.data.sub_(LR * v)
            how.stepped(net)
            c["losses"].append(float(value))
    del c["velocity"]
    c["w"] = flat(how.read(net))
    c["z"] = scores(how.read(net), np.arange(ROWS)).detach()
    return c


def cases():
    for task in "binary", "multiclass":
        def run(make, name, settings, hidden=False, momentum=0.0, epochs=4, **par):
            c = train(make, {"name": name, "set": settings, "task": task, "hidden": hidden, "momentum": momentum, "epochs": epochs}, **par)
            del c["z"]
            return c
        yield run(SelfPaced, "self_paced", "lambda=0.6 growth=1.3", kind="hard", lam=0.6, growth=1.3)
        yield run(SelfPaced, "self_paced", "weights=linear lambda=0.8 growth=1.5", kind="linear", lam=0.8, growth=1.5)
        yield run(SelfPaced, "self_paced", "weights=log lambda=0.9 growth=1", kind="log", lam=0.9, growth=1)
        yield run(SelfPaced, "self_paced", "weights=mixture lambda=1 zeta=0.4 growth=1.2", kind="mixture", lam=1, zeta=0.4, growth=1.2)
        yield run(Spectral, "spectral_risk", "rho=2.5", kind="extremile", r=2.5)
        yield run(Spectral, "spectral_risk", "spectrum=exponential rho=3", kind="exponential", r=3)
        yield run(Harmonising, "gradient_harmonising", "bins=4", bins=4, momentum_of_counts=0.75)
        yield run(Harmonising, "gradient_harmonising", "bins=7 momentum=0", bins=7, momentum_of_counts=0)
        yield run(Divide, "divide_rows", "warmup=1", kind="gaussian", warmup=1, threshold=0.5)
        yield run(Divide, "divide_rows", "warmup=2 mixture=beta threshold=0.6", kind="beta", warmup=2, threshold=0.6)
        yield run(Curriculum, "curriculum", "warmup=1 start=0.3 ramp=4", warmup=1, start=0.3, ramp=4, sign=1)
        yield run(Curriculum, "curriculum", "warmup=2 start=0.5 ramp=1 order=hard_first", warmup=2, start=0.5, ramp=1, sign=-1)
        yield run(GroupDro, "group_dro", "eta=0.5", eta=0.5, adjust=0, by_label=False)
        yield run(GroupDro, "group_dro", "eta=1 adjust=0.7 by=subgroup_and_label", eta=1, adjust=0.7, by_label=True)
        yield run(Vrex, "vrex", "lambda=2 start=1", lam=2, start=1)
        yield run(Irm, "irm", "lambda=0.5 start=1", lam=0.5, start=1, hidden=True)
        yield run(Ensemble, "label_ensemble", "start=1 momentum=0.7", start=1, momentum_of_labels=0.7)
        yield run(Joint, "joint_labels", "start=2 average=2 alpha=0.8 beta=0.3", start=2, average=2, alpha=0.8, beta=0.3, hard=False)
        yield run(Joint, "joint_labels", "start=3 average=2 alpha=0 beta=0.5 hard=true", start=3, average=2, alpha=0, beta=0.5, hard=True, hidden=True)
        for settings, kind, bits, last in [("bits=3", "uniform", 3, True), ("bits=5 last=false", "uniform", 5, False), ("levels=binary", "binary", 0, True),
                                           ("levels=ternary", "ternary", 0, True)]:
            yield run(Quantise, "quantise", settings, hidden=True, momentum=0.5, kind=kind, bits=bits, last=last)
        for settings, omega, soft, scale_rate, last in [("omega=2", 2, 0, 1, True), ("soft=2 omega=3 scale_rate=0.3", 3, 2, 0.3, True),
                                                        ("soft=3 omega=1.5 scale_rate=0 last=false", 1.5, 3, 0, False)]:
            yield run(Biper, "biper", settings, hidden=True, momentum=0.5, omega=omega, soft=soft, scale_rate=scale_rate, last=last)
        for settings, bits, start, least, most, law in [("bits=3", 3, 1, 2, 8, "quarter"), ("bits=3.4 start=2 most=5", 3.4, 2, 2, 5, "quarter"),
                                                        ("bits=4 least=3", 4, 1, 3, 8, "quarter"), ("bits=3.5 law=steps", 3.5, 1, 2, 8, "steps")]:
            yield run(Allocate, "bit_allocation", settings, hidden=True, momentum=0.5, bits=bits, start=start, least=least, most=most, law=law)
        yield run(Prune, "prune", "rate=0.3 every=1", hidden=True, momentum=0.5, rate=0.3, every=1, rounds=1e6, rewind=-1, by_layer=False)
        yield run(Prune, "prune", "rate=0.4 every=2 rewind=1 scope=layer", hidden=True, momentum=0.5, epochs=5, rate=0.4, every=2, rounds=1e6, rewind=1, by_layer=True)
        yield run(Prune, "prune", "rate=0.5 every=1 rewind=0 rounds=2", hidden=True, rate=0.5, every=1, rounds=2, rewind=0, by_layer=False)


def mixtures():
    worked = [.05, .1, .12, .2, .22, .3, 1.1, 1.3, 1.5, 2.1]
    for v in worked, np.round(np.concatenate([rng.exponential(0.2, 40), rng.normal(2, 0.5, 25)]), 5).tolist():
        for kind in "gaussian", "beta":
            lower, said = mixture(kind, v)
            yield {"kind": kind, "loss": v, "lower": lower.tolist(), "means" if kind == "gaussian" else "shares": said.tolist()}


# A procedure's own momentum is not the optimiser's.
for one in Harmonising, Ensemble:
    one.__init__ = (lambda inner: lambda self, c, **par: inner(self, c, **{k.replace("_of_counts", "").replace("_of_labels", ""): v
                                                                       for k, v in par.items()}))(one.__init__)

with open(OUT, "w") as f:
    json.dump({"x": X.ravel().tolist(), "binary": Y["binary"].tolist(), "multiclass": Y["multiclass"].tolist(), "group": GROUP.tolist(),
               "cases": list(cases()) + list(held_rows()), "mixtures": list(mixtures()),
               "trained_again": list(trained_again()), "clusters": list(clusters()), "gaussians": list(gaussians())}, f)
    f.write("\n")
