#!/usr/bin/env python3
"""Training steps with very many classes in PyTorch; prints one JSON line.

    peer_outputs.py CLASSES [--steps N] [--threads N]

A network of 16 features, 256 hidden units and CLASSES scores, cross-entropy of softmax, batches of 32 made rows, plain SGD in float32 by
torch.optim; the gradient of all output weights is made, as autograd makes it. `seconds` is processor time of a step, without the first five.
"""
import argparse
import json
import time

import torch

FEATURES, HIDDEN, BATCH, WARM = 16, 256, 32, 5


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("classes", type=int)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(FEATURES, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, args.classes))
    optimiser = torch.optim.SGD(net.parameters(), lr=0.01)
    x, y = torch.randn(args.steps + WARM, BATCH, FEATURES), torch.randint(args.classes, (args.steps + WARM, BATCH))
    for step in range(args.steps + WARM):
        if step == WARM:
            start = time.process_time()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x[step]), y[step]).backward()
        optimiser.step()
    print(json.dumps({"seconds": (time.process_time() - start) / args.steps}))


if __name__ == "__main__":
    main()
