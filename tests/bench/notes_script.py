"""The notes' own MNIST script, in the course's words: every image goes through the transforms in every epoch.

784-200-200-10 with LeakyReLU, also after the last layer (a mistake of theirs that costs no time), batches of
200, SGD with learning rate 0.01, evaluation on the test images after each epoch.
Usage: notes_script.py EPOCHS. Prints the seconds of the last epoch on stdout, results on stderr.
"""

import sys
import time

from torch import nn
from torch.optim import SGD

from course.device import pick_device
from course.mlp import MLP
from course.mnist import load_data, loader
from course.train import evaluate, train_epoch


def main(epochs):
    data = load_data()
    train, test = loader(data.train, 200, shuffle=True), loader(data.test, 200)
    model = nn.Sequential(MLP((784, 200, 200, 10), nn.LeakyReLU), nn.LeakyReLU()).to(pick_device())
    optimizer = SGD(model.parameters(), lr=0.01)
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        train_epoch(model, train, optimizer)
        accuracy = evaluate(model, test).accuracy
        seconds = time.perf_counter() - start
        print(f"  epoch {epoch:2}: {accuracy:.1%} right, {seconds:.1f} s", file=sys.stderr, flush=True)
    print(seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
