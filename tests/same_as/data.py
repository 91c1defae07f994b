"""Small data sets of every kind that tests/same_as.sh trains on, written to the working folder. Standard library only."""
import math
import random

rng = random.Random(11)


def write(name, lines):
    with open(name, "w") as out:
        out.writelines(line + "\n" for line in lines)


def normal(n):
    return [rng.gauss(0, 1) for _ in range(n)]


rows = [normal(2) for _ in range(300)]
odds = [[2 * a, b - 1, a - b] for a, b in rows]
labels = [[int(rng.random() < 1 / (1 + math.exp(-o))) for o in o3] for o3 in odds]
write("multilabel.csv", ["x1,x2,a,b,c"] + [",".join(map(repr, x)) + "," + ",".join(map(str, y)) for x, y in zip(rows, labels)])
write("regression.csv", ["x1,x2,y"] + ["%r,%r,%r" % (a, b, 3 * a - b * b + rng.gauss(0, 0.1)) for a, b in rows])
write("teacher.csv", [",".join(repr(3.0 * o) for o in o3) for o3 in odds])
write("classes.csv", ["x1,x2,y"] + ["%r,%r,%s" % (a, b, "pqr"[max(range(3), key=o.__getitem__)]) for (a, b), o in zip(rows, odds)])
write("mixed.csv", ["x1,colour,size,y"] + ["%r,%s,%s,%d" % (a, rng.choice(["red", "green", "blue"]), "" if i % 17 == 0 else repr(b), int(a + b > 0))
                                           for i, (a, b) in enumerate(rows)])
sparse = []
for i in range(400):
    columns = sorted(rng.sample(range(1, 3000), 20))
    sparse.append("%d %s" % (1 if sum(columns) > 30000 else -1, " ".join("%d:%.6g" % (c, rng.random()) for c in columns)))
write("sparse.svm", sparse)
