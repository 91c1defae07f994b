#!/usr/bin/python3
"""Writes tests/golden/regression_optima.json: optima of linear regressions by R's glm and by scikit-learn, on tables of R's package MASS, for
tests/cli/regression_optima.sh. Run it from the project's root; needs numpy, scipy, scikit-learn (1.2 or newer), Rscript with MASS.

A case has the settings of a config (`set`) and what its full-batch training must reach: the predictions of all rows where the optimum is
unique, else or besides the objective."""
import csv
import io
import json
import subprocess

import numpy as np
from scipy import optimize
from sklearn import linear_model, svm

TIGHT = {"tol": 1e-13, "max_iter": 10000}


def r(program):
    return subprocess.run(["Rscript", "--vanilla", "-e", "suppressMessages(library(MASS)); options(digits=17); " + program], check=True,
                          capture_output=True, text=True).stdout


# ---- the tables ----

TABLES = {
    # claims of holders of policies: the textbook's Poisson regression with an exposure
    "insurance": r("d <- Insurance; d$Group <- as.character(d$Group); d$Age <- as.character(d$Age); d$LogHolders <- log(d$Holders);"
                   "write.csv(d, stdout(), row.names=FALSE, quote=FALSE)"),
    "quine": r("write.csv(quine, stdout(), row.names=FALSE, quote=FALSE)"),
    "cpus": r("d <- cpus[, c('syct', 'mmin', 'mmax', 'cach', 'chmin', 'chmax', 'estperf', 'perf')];"
              "write.csv(d, stdout(), row.names=FALSE, quote=FALSE)"),
}


def table(name):
    rows = list(csv.DictReader(io.StringIO(TABLES[name])))
    return {k: [row[k] for row in rows] for k in rows[0]}


# ---- R ----

def glm(data, formula, family):
    """Fitted means."""
    read = f"d <- read.csv(text='{TABLES[data]}', colClasses=c({CLASSES[data]})); "
    fit = f"m <- glm({formula}, family={family}, data=d, control=glm.control(epsilon=1e-15, maxit=200)); cat(fitted(m), sep='\\n')"
    return [float(v) for v in r(read + fit).split()]


CLASSES = {"insurance": "District='factor', Group='factor', Age='factor'", "quine": "Eth='factor', Sex='factor', Age='factor', Lrn='factor'",
           "cpus": "perf='numeric'"}
CPUS = "syct + mmin + mmax + cach + chmin + chmax"
DROP_CPUS = ["data.train.label=perf", "data.drop=[estperf]"]


def offsets():
    claims, group = "Claims ~ District + Group + Age", ["data.train.label=Claims", "data.categorical=[District, Group, Age]"]
    held, log_held = group + ["data.exposure=Holders", "data.drop=[LogHolders]"], group + ["data.offset=LogHolders", "data.drop=[Holders]"]
    whole = "offset(log(Holders))"
    yield "insurance", "poisson", held, glm("insurance", f"{claims} + {whole}", "poisson")
    yield "insurance", "poisson_deviance", log_held, glm("insurance", f"{claims} + {whole}", "poisson")
    yield "insurance", "{name: negative_binomial, alpha: 0.2}", held, glm("insurance", f"{claims} + {whole}", "negative.binomial(5)")
    yield "insurance", "mse", log_held, glm("insurance", f"{claims} + offset(LogHolders)", "gaussian")
    both = ["data.train.label=Claims", "data.categorical=[District, Group, Age]", "data.exposure=Holders", "data.offset=LogHolders"]
    yield "insurance", "poisson", both, glm("insurance", f"{claims} + {whole} + offset(LogHolders)", "poisson")
    sized = ["data.train.label=perf", "data.drop=[estperf]", "data.exposure=mmax"]
    rest = "syct + mmin + cach + chmin + chmax + offset(log(mmax))"
    yield "cpus", "gamma_nll", sized, glm("cpus", f"perf ~ {rest}", "Gamma(link='log')")
    yield "cpus", "gamma_deviance", sized, glm("cpus", f"perf ~ {rest}", "Gamma(link='log')")
    yield "quine", "poisson", ["data.train.label=Days"], glm("quine", "Days ~ Eth + Sex + Age + Lrn", "poisson")
    yield "quine", "{name: negative_binomial, alpha: 0.8}", ["data.train.label=Days"], glm("quine", "Days ~ Eth + Sex + Age + Lrn", "negative.binomial(1.25)")
    yield "cpus", "gamma_nll", DROP_CPUS, glm("cpus", f"perf ~ {CPUS}", "Gamma(link='log')")


# ---- scikit-learn ----

def cpus(columns):
    """Features as the config standardizes them, and the number to predict."""
    t = table("cpus")
    x = np.array([[float(v) for v in t[c]] for c in columns]).T
    return (x - x.mean(0)) / x.std(0), np.array([float(v) for v in t["perf"]])


FEATURES = ["syct", "mmin", "mmax", "cach", "chmin", "chmax"]


def decay(v):
    return f"optimizer.weight_decay={v!r}"


def linear_predictor(m, x):
    return x @ m.coef_ + m.intercept_


def generalized():
    """With an exposure e, a Tweedie deviance of power p is e^(2 - p) times that of target / e."""
    x, y = cpus(FEATURES)
    for name, power in (("poisson", 1), ("gamma_nll", 2), ("{name: tweedie, power: 1.5}", 1.5)):
        for alpha in (0, 0.1):
            m = linear_model.TweedieRegressor(power=power, link="log", alpha=alpha, solver="newton-cholesky", **TIGHT).fit(x, y)
            z = linear_predictor(m, x)
            value = {1: np.exp(z) - y * z, 2: z + y * np.exp(-z)}.get(power)
            value = np.exp((2 - power) * z) / (2 - power) - y * np.exp((1 - power) * z) / (1 - power) if value is None else value
            yield "cpus", name, DROP_CPUS + [decay(alpha)], np.exp(z), np.mean(value) + alpha / 2 * m.coef_ @ m.coef_
    few = [c for c in FEATURES if c != "mmax"]
    x, y = cpus(few)
    e = np.array([float(v) for v in table("cpus")["mmax"]]) / 1000
    TABLES["cpus"] = add_column(TABLES["cpus"], "size", e)
    sized = ["data.train.label=perf", "data.drop=[estperf, mmax]", "data.exposure=size"]
    for name, power in (("poisson", 1), ("{name: tweedie, power: 1.5}", 1.5), ("inverse_gaussian_deviance", 3)):
        for alpha in (0.1,) if power == 3 else (0, 0.1):  # without a penalty power 3 has several minima
            w = e ** (2 - power)
            m = linear_model.TweedieRegressor(power=power, link="log", alpha=alpha, solver="newton-cholesky", **TIGHT).fit(x, y / e, sample_weight=w)
            yield "cpus", name, sized + [decay((2 if power == 3 else 1) * alpha * float(w.mean()))], np.exp(linear_predictor(m, x)) * e, None


def add_column(text, name, values):
    lines = text.strip().split("\n")
    return "\n".join([lines[0] + "," + name] + [f"{line},{v!r}" for line, v in zip(lines[1:], map(float, values))]) + "\n"


def pinball(u, tau):
    return np.mean(np.maximum(tau * u, (tau - 1) * u))


def robust():
    x, y = cpus(FEATURES)
    n = len(y)
    for epsilon, alpha in ((1.35, 0.0), (1.1, 0.5)):
        # scikit-learn's loss at its scale s is 2/s times huber of delta = epsilon s
        m = linear_model.HuberRegressor(epsilon=epsilon, alpha=alpha, tol=1e-10, max_iter=100000).fit(x, y)
        delta, penalty = float(epsilon * m.scale_), float(alpha * m.scale_ / n)
        w = polish_huber(x, y, delta, penalty, np.append(m.coef_, m.intercept_))
        assert np.allclose(w[:-1], m.coef_, rtol=1e-3, atol=1e-3), (w, m.coef_, m.intercept_)
        yield "cpus", f"{{name: huber, delta: {delta!r}}}", DROP_CPUS + [decay(penalty)], x @ w[:-1] + w[-1], huber(x, y, delta, penalty, w)[0]
    for name, loss, c, epsilon in (("sq_eps_insensitive", "squared_epsilon_insensitive", 0.01, 5.0), ("eps_insensitive", "epsilon_insensitive", 1.0, 5.0)):
        m = svm.LinearSVR(epsilon=epsilon, C=c, loss=loss, tol=1e-10, max_iter=10**7, dual=True, random_state=0).fit(x, y)
        w = np.append(m.coef_, m.intercept_)
        e = np.maximum(0, abs(x @ w[:-1] + w[-1] - y) - epsilon)
        value = np.mean(e ** 2 if name[0] == "s" else e) + w @ w / (2 * c * n)
        if name[0] == "s":
            w, value = polish_svr(x, y, epsilon, 1 / (c * n), w)
        yield ("cpus", f"{{name: {name}, eps: {epsilon}}}", DROP_CPUS + [decay(1 / (c * n)), "optimizer.decay_bias=true"],
               x @ w[:-1] + w[-1] if name[0] == "s" else None, value)
    for tau in (0.1, 0.5, 0.9):  # the optimum of the linear program
        m = linear_model.QuantileRegressor(quantile=tau, alpha=0, solver="highs").fit(x, y)
        yield "cpus", f"{{name: quantile, tau: {tau}}}", DROP_CPUS, None, pinball(y - linear_predictor(m, x), tau)
    m = linear_model.QuantileRegressor(quantile=0.5, alpha=0, solver="highs").fit(x, y)
    yield "cpus", "mae", DROP_CPUS, None, 2 * pinball(y - linear_predictor(m, x), 0.5)


def huber(x, y, delta, penalty, w):
    e = x @ w[:-1] + w[-1] - y
    slope = np.clip(e, -delta, delta) / len(y)
    value = np.mean(np.where(abs(e) <= delta, e * e / 2, delta * (abs(e) - delta / 2))) + penalty / 2 * w[:-1] @ w[:-1]
    return value, np.append(x.T @ slope + penalty * w[:-1], slope.sum())


def polish_huber(x, y, delta, penalty, w):
    """From scikit-learn's answer, whose tolerance is coarse, to the optimum: Newton's steps, which end after finitely many."""
    a = np.column_stack([x, np.ones(len(y))])
    ridge = penalty * np.diag(np.append(np.ones(x.shape[1]), 0))
    for _ in range(50):
        inside = abs(a @ w - y) <= delta
        step = np.linalg.solve(a[inside].T @ a[inside] / len(y) + ridge, huber(x, y, delta, penalty, w)[1])
        w = w - step
    assert abs(step).max() < 1e-9, step
    return w


def polish_svr(x, y, epsilon, penalty, w):
    a = np.column_stack([x, np.ones(len(y))])
    for _ in range(50):
        e = a @ w - y
        out = abs(e) > epsilon
        g = 2 * a.T @ (np.sign(e) * np.maximum(0, abs(e) - epsilon)) / len(y) + penalty * w
        step = np.linalg.solve(2 * a[out].T @ a[out] / len(y) + penalty * np.eye(a.shape[1]), g)
        w = w - step
    assert abs(step).max() < 1e-9, step
    return w, np.mean(np.maximum(0, abs(a @ w - y) - epsilon) ** 2) + penalty / 2 * w @ w


def main():
    cases = [{"by": "R glm", "data": d, "loss": loss, "set": s, "prediction": p} for d, loss, s, p in offsets()]
    for d, loss, s, p, value in [*generalized(), *robust()]:
        cases.append({"by": "scikit-learn", "data": d, "loss": loss, "set": s})
        if p is not None:
            cases[-1]["prediction"] = [float(v) for v in p]
        if value is not None:
            cases[-1]["objective"] = float(value)
    for case in cases:  # columns that were added for some cases are left out in the others
        if case["data"] == "cpus" and not any("exposure=size" in s for s in case["set"]):
            case["set"] = [s.replace("data.drop=[", "data.drop=[size, ") for s in case["set"]]
    text = json.dumps({"tables": TABLES, "cases": cases}, separators=(",", ":")).replace('{"by"', '\n{"by"')
    open("tests/golden/regression_optima.json", "w").write(text + "\n")


if __name__ == "__main__":
    main()
