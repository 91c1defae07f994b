"""What a record's result.decision makes of kept scores, which are those before calibration (results/README.md). Needs numpy and scipy."""
from typing import Optional, Tuple

import numpy as np
from scipy.special import expit, logit


def calibrated(z: np.ndarray, decision: dict) -> np.ndarray:
    """What the scores of a binary task become: a line, two slopes, or the logit of a probability between knots or in steps."""
    if decision["knots"]:
        at, p = np.array(decision["knots"]).T
        if decision["calibration"] == "histogram":
            found = p[np.clip(np.searchsorted(at, z, side="right") - 1, 0, len(p) - 1)]
        else:
            found = np.interp(z, at, p)
        with np.errstate(divide="ignore"):
            return logit(found)
    if "slope_below" in decision:
        return decision["slope"] * np.logaddexp(0, z) - decision["slope_below"] * np.logaddexp(0, -z) + decision["intercept"]
    return decision["slope"] * z + decision["intercept"]


def decided(z: np.ndarray, decision: Optional[dict]) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """Scores (rows by columns) after calibration, and the class of each row; None where the record does not hold what they become."""
    if z.shape[1] == 1:
        z = calibrated(z, decision) if decision else z
        return z, (z[:, 0] > float(decision["threshold"] if decision else 0)).astype(int)
    if decision and decision["slope"] is None:
        return None
    if decision:
        z = decision["slope"] * z
        if decision["rule"] == "median":
            return z, (np.cumsum(probabilities(z), axis=1) >= 0.5).argmax(axis=1)
    return z, z.argmax(axis=1)


def probabilities(z: np.ndarray) -> np.ndarray:
    """Of each class; of scores in one column, of both."""
    if z.shape[1] == 1:
        return np.concatenate([expit(-z), expit(z)], axis=1)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
