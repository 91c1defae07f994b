#!/usr/bin/python3
"""Writes tests/golden/mahalanobis.json: squared Mahalanobis distances to the mean of the training rows by scikit-learn, of all principal
components, and of those before and beyond a share of the variance. Run it from the project's root; needs numpy and sklearn.
tests/unit/core/engine/fit/test_gaussian_classes.c compares."""
import json

import numpy as np
import sklearn
from sklearn.covariance import EmpiricalCovariance, LedoitWolf, ShrunkCovariance
from sklearn.decomposition import PCA

OUT = "tests/golden/mahalanobis.json"
TEST = 40
ESTIMATORS = {"ledoit_wolf": LedoitWolf(), "shrunk": ShrunkCovariance(shrinkage=0.2), "empirical": EmpiricalCovariance()}


def of_components(train, at, covariance, share, low):
    """The distance within the span of some principal components, whose variances are those of the shrunk covariance."""
    pca = PCA().fit(train)
    high = int(np.searchsorted(np.cumsum(pca.explained_variance_ratio_), share) + 1)
    v = pca.components_[high:] if low else pca.components_[:high]
    z = (at - train.mean(0)) @ v.T
    return np.einsum("ij,jk,ik->i", z, np.linalg.inv(v @ covariance @ v.T), z)


def case(rng, n, d, share):
    x = np.round(rng.normal(size=(n + TEST, d)) @ rng.normal(size=(d, d)) + 3 * rng.normal(size=d), 6)
    train, at = x[:n], x[n:]
    out = {"n": n, "d": d, "share": share, "x": x.ravel().tolist()}
    for name, estimator in ESTIMATORS.items():
        fitted = estimator.fit(train)
        out[name] = {"all": fitted.mahalanobis(at).tolist(), "high": of_components(train, at, fitted.covariance_, share, False).tolist(),
                     "low": of_components(train, at, fitted.covariance_, share, True).tolist()}
    return out


def main():
    rng = np.random.default_rng(139)
    cases = [case(rng, 60, 4, 0.8), case(rng, 50, 7, 0.95), case(rng, 30, 12, 0.5)]
    with open(OUT, "w", encoding="ascii") as out:
        json.dump({"made_by": "tests/reference/mahalanobis.py", "sklearn": sklearn.__version__, "cases": cases}, out)
        out.write("\n")


if __name__ == "__main__":
    main()
