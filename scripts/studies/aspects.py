"""Writes what can be said of a letter, a digit or a piece of clothing besides its class, 1 for yes, for every row of the samples of these, into
results/aspects: NAME.csv, and NAME_mixed.csv, in which each question's answers are those of other classes, drawn at random. Standard library only."""
import csv
import gzip
import random
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[2]
SAMPLES, OUT = ROOT / "datasets" / "samples", ROOT / "results" / "aspects"
ASPECTS: Dict[str, Dict[str, str]] = {              # the classes of which the answer is yes
    "letter": {
        "encloses an area": "ABDOPQR", "has straight strokes only": "AEFHIKLMNTVWXYZ", "has a diagonal stroke": "AKMNQRVWXYZ",
        "has a vertical stroke": "BDEFHIKLMNPRT", "has a horizontal stroke": "AEFGHLTZ", "is its mirror image, left and right": "AHIMOTUVWXY",
        "is its mirror image, top and bottom": "BCDEHIKOX", "is the same turned by half": "HINOSXZ", "is open at the top": "HKMNUVWXY",
        "has more than two ends": "EFHKTXY"},
    "digits": {
        "encloses an area": "0689", "encloses two": "8", "has straight strokes only": "147", "has a vertical stroke": "14", "has a horizontal stroke": "2457",
        "is its mirror image, left and right": "018", "is its mirror image, top and bottom": "0138", "is a digit when turned by half, too": "01689",
        "is open at the left": "2357", "has its weight at the top": "79"},
    "fashion": {                                    # 0 T-shirt, trousers, pullover, dress, coat, sandal, shirt, sneaker, bag, 9 ankle boot
        "is worn on the feet": "579", "is worn on the upper body": "02346", "has sleeves": "0246", "has long sleeves": "246", "covers the legs": "13",
        "covers the ankles": "19", "opens at the front": "46", "leaves the toes free": "5", "is carried": "8", "is worn outdoors only": "45789"}}


def labels(name: str) -> List[str]:
    """Of every row, in the order of the file."""
    if name == "fashion":
        with gzip.open(SAMPLES / "fashion_mnist_train2000-labels-idx1-ubyte.gz") as file:
            return [str(label) for label in file.read()[8:]]
    path = SAMPLES / ("%s.csv.gz" % {"digits": "digits8x8"}.get(name, name))
    with gzip.open(path, "rt", encoding="ascii", newline="") as file:
        return [row[-1] for row in list(csv.reader(file))[1:]]


def mixed(yes: str, classes: List[str], draw: random.Random) -> List[str]:
    return draw.sample(classes, len(yes))


def write(out: Path = OUT) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, aspects in ASPECTS.items():
        rows, draw = labels(name), random.Random(1)
        classes = sorted(set(rows))
        for kind, answers in (("", list(aspects.values())), ("_mixed", [mixed(yes, classes, draw) for yes in aspects.values()])):
            with open(out / (name + kind + ".csv"), "w", encoding="ascii", newline="") as file:
                told = csv.writer(file, lineterminator="\n")
                told.writerow(aspects)
                told.writerows([int(label in yes) for yes in answers] for label in rows)


if __name__ == "__main__":
    write()
