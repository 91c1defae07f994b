"""What the tuning of a study chose: from tuning.json beside its trials/, else from the config's own tune block. Standard library only."""
import os
from collections import Counter
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from record_form import Broken, check_tuning
from records import ABSENT, FOLD, Trial, flat_config, identity, keep, plural, share, shown_path, value_text, visible, warn, within
from safe_file import parse_json, read_bytes

DEFAULT_SPACE = ("optimizer.lr",)       # and every number of the loss
MOST_VALUES = 4                         # of one key, named where the replicates chose differently


class Tuned(NamedTuple):
    """One study of a tuning.json."""
    metric: str                         # without its split
    by_id: Dict[str, Dict[str, object]]     # id of a trial trained with the chosen settings -> these
    arms: List[dict]                    # of an older file, which has no ids


def apply_choices(trials: List[Trial]) -> Tuple[List[Trial], List[str]]:
    """Marks the trials of tuned studies with what was chosen. Those whose settings no longer are chosen, since the tuning has changed,
    are left out, with a sentence."""
    files: Dict[str, Dict[str, Tuned]] = {}
    kept, stale = [], Counter()
    for t in trials:
        folder = os.path.dirname(t.path)
        if folder not in files:
            files[folder] = read_tuning(os.path.join(os.path.dirname(os.path.abspath(folder)), "tuning.json"))
        chosen = choice_of(t, files[folder])
        if chosen is None:
            stale[t.study] += 1
            continue
        if chosen:
            mark(t, chosen)
        kept.append(t)
    if not kept:
        return trials, []
    name_studies(kept)
    return kept, ["%s of %s left out: %s settings no longer are what tuning chose." % (
        plural(n, "trial"), study, "its" if n == 1 else "their") for study, n in sorted(stale.items())]


def name_studies(trials: List[Trial]) -> None:
    """Two studies that tuned the same losses on the same conditions, say with other budgets, are told apart by a key of their own."""
    seen: Dict[tuple, str] = {}
    both = False
    for t in trials:
        if t.chosen:
            at = identity(t, t.tuned)
            both = both or seen.setdefault(at, t.study) != t.study
    for t in trials if both else ():
        t.config["study"] = t.study


def read_tuning(path: str) -> Dict[str, Tuned]:
    """By the name of the study; empty, with a warning where there is a file that cannot be used."""
    try:
        tuning = parse_json(read_bytes(path))
        check_tuning(tuning)
    except FileNotFoundError:
        return {}
    except OSError as error:
        warn("%s: it cannot be read (%s); left out" % (shown_path(path), error.strerror))
        return {}
    except Broken as error:
        warn("%s: %s; left out" % (shown_path(path), visible(str(error))))
        return {}
    studies = tuning["studies"] if "studies" in tuning else [tuning] if "study" in tuning else []
    return {s["study"]: Tuned(s.get("metric", ""), {i: c["chosen"] for a in s["arms"] for c in a.get("choices", ()) for i in c.get("trials", ())},
                              [a for a in s["arms"] if "choices" not in a and a.get("chosen") is not None]) for s in studies}


def choice_of(t: Trial, studies: Dict[str, Tuned]) -> Optional[Dict[str, object]]:
    """The settings chosen for a trial; {} where it was not tuned, None where tuning has since chosen others."""
    for tuned in studies.values():
        if t.id in tuned.by_id:
            return tuned.by_id[t.id]
    if not is_tuned(t):
        return {}
    tuned = studies.get(t.study)
    if tuned and tuned.by_id:
        return None
    arms = [a for a in tuned.arms if same_arm(t, a)] if tuned else []
    if arms:
        return next((a["chosen"] for a in arms if all(t.config.get(k) is keep(v) for k, v in a["chosen"].items())), None)
    return own_space(t)


def is_tuned(t: Trial) -> bool:
    return "tune.metric" in t.config and FOLD not in t.config


def same_arm(t: Trial, arm: dict) -> bool:
    """Loss, model, corruption and terms agree but for what tuning chooses and for seeds."""
    config, _ = flat_config({k: arm[k] for k in ("loss", "model", "corrupt", "terms") if arm.get(k)})
    return ("terms" in config) == ("terms" in t.config) and all(t.config.get(k, ABSENT) is v for k, v in config.items() if k not in arm["chosen"] and not k.endswith(".seed"))


def own_space(t: Trial) -> Dict[str, object]:
    """By the tune block of the config: the keys that it tunes, with the values of this trial."""
    given = [k[len("tune.space."):] for k in t.config if k.startswith("tune.space.")]
    keys = given or [*DEFAULT_SPACE, *(k for k, v in t.config.items() if k.startswith("loss.") and type(v) in (int, float))]
    return {k: t.config[k] for k in keys if k in t.config}


def mark(t: Trial, chosen: Dict[str, object]) -> None:
    keys = frozenset(k for k in t.config if within(k, chosen))
    t.tuned = share("tuned", keys)
    t.chosen = {str(k): setting_text(v) for k, v in chosen.items()}


def setting_text(value: object) -> str:
    """Of a component its name and what else is set: mlp hidden=[64]."""
    if not isinstance(value, dict):
        return value_text(keep(value))
    heads = [h for h in ("name", "kind") if isinstance(value.get(h), str)][:1]
    return " ".join([value_text(value[h]) for h in heads] + ["%s=%s" % (k, value_text(v)) for k, v in value.items() if k not in heads])


def tuned_metric(trials: Iterable[Trial]) -> Optional[str]:
    """The metric, without its split, by which all tuned trials among these were tuned."""
    names = {str(t.config.get("tune.metric", "")).split(".", 1)[-1] for t in trials if t.chosen}
    return names.pop() if len(names) == 1 else None


def chosen_text(trials: List[Trial], names: Dict[str, str]) -> str:
    """lr=0.01 (7 of 10), 0.03 (3) q=0.7; names are the short ones of keys."""
    tuned = [t for t in trials if t.chosen]
    words = []
    for key in dict.fromkeys(k for t in tuned for k in t.chosen):
        counts = Counter(t.chosen[key] for t in tuned if key in t.chosen).most_common()
        total = sum(n for _, n in counts)
        values = [counts[0][0]] if len(counts) == 1 else ["%s (%d of %d)" % (*counts[0], total)] + ["%s (%d)" % c for c in counts[1:MOST_VALUES]]
        values += ["%d others" % (len(counts) - MOST_VALUES)] if len(counts) > MOST_VALUES else []
        words.append("%s=%s" % (names.get(key, key), ", ".join(values)))
    return " ".join(words)
