#!/usr/bin/env python3
"""validate_records.py FILE...: checks records of trials against results/trial.schema.json (needs python3-jsonschema).

Prints one line a bad file and a count at the end; exits with 1 when a file is bad, 2 without a file."""
import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

SCHEMA = Path(__file__).resolve().parents[2] / "results" / "trial.schema.json"


def fault(validator, name):
    """What is wrong with a file, or None."""
    try:
        record = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return str(error)
    error = best_match(validator.iter_errors(record))
    if error:
        what = error.message if len(error.message) < 300 else error.message[:120] + " ... " + error.message[-120:]
        return "%s: %s" % (".".join(map(str, error.absolute_path)) or "the record", what)
    if record["id"] != Path(name).stem:
        return "id: %s does not agree with the file's name" % record["id"]
    return None


def main(names):
    if not names:
        print(__doc__, file=sys.stderr)
        return 2
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    faults = {name: fault(validator, name) for name in names}
    bad = {name: why for name, why in faults.items() if why}
    for name, why in bad.items():
        print("%s: %s" % (name, why))
    print("%d records, %d bad" % (len(names), len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
