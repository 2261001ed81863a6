"""Answers to processes.accumulate, written from its text alone."""

import functools

import torch
from torch.nn import functional as F


def sums_and_divides(model, x, y, size):
    model.zero_grad()
    total = 0.0
    for start in range(0, len(x), size):
        piece = slice(start, start + size)
        loss = F.cross_entropy(model(x[piece]), y[piece], reduction="sum") / len(x)
        loss.backward()
        total += loss.item()
    return total


def weighs_the_mean(model, x, y, size):
    model.zero_grad()
    total = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece) * (len(x_piece) / len(x))
        loss.backward()
        total += float(loss)
    return total


def divides_the_gradients_at_the_end(model, x, y, size):
    for weight in model.parameters():
        weight.grad = None
    total = 0.0
    for x_piece, y_piece in zip(torch.split(x, size), torch.split(y, size)):
        loss = F.cross_entropy(model(x_piece), y_piece, reduction="sum")
        loss.backward()
        total += loss.item()
    for weight in model.parameters():
        weight.grad /= len(x)
    return total / len(x)


def keeps_the_total_as_a_tensor(model, x, y, size):
    model.zero_grad(set_to_none=False)
    total = torch.zeros(())
    for first in range(0, len(y), size):
        logits = model(x[first : first + size])
        loss = F.nll_loss(logits.log_softmax(1), y[first : first + size], reduction="sum")
        (loss / len(y)).backward()
        total += loss.detach()
    return (total / len(y)).item()


def takes_autograd_grad(model, x, y, size):
    weights = list(model.parameters())
    sums = [torch.zeros_like(weight) for weight in weights]
    total = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece, reduction="sum") / len(x)
        for number, part in enumerate(torch.autograd.grad(loss, weights)):
            sums[number] += part
        total += loss.item()
    for weight, gradient in zip(weights, sums):
        weight.grad = gradient
    return total


def goes_backwards(model, x, y, size):
    model.zero_grad()
    shares = []
    for first in reversed(range(0, len(x), size)):
        labels = y[first : first + size]
        loss = torch.nn.CrossEntropyLoss(reduction="none")(model(x[first : first + size]), labels).sum() / len(x)
        loss.backward()
        shares.append(loss.item())
    return sum(shares)


def with_reduction(reduction, model, x, y, size):
    model.zero_grad()
    total = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece, reduction=reduction) / len(x)
        loss.backward()
        total += loss.item()
    return total


def left_as_given(model, x, y, size):
    model.zero_grad()
    total = 0.0
    for start in range(0, len(x), size):
        loss = F.cross_entropy(model(x[start : start + size]), y[start : start + size])
        loss.backward()
        total += loss.item()
    return total


def forgets_the_return(model, x, y, size):
    sums_and_divides(model, x, y, size)


def divides_by_pieces(model, x, y, size):
    model.zero_grad()
    total, pieces = 0.0, -(-len(x) // size)
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece) / pieces
        loss.backward()
        total += loss.item()
    return total


def sums_only(model, x, y, size):
    model.zero_grad()
    total = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece, reduction="sum")
        loss.backward()
        total += loss.item()
    return total


def clears_in_every_piece(model, x, y, size):
    total = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        model.zero_grad()
        loss = F.cross_entropy(model(x_piece), y_piece, reduction="sum") / len(x)
        loss.backward()
        total += loss.item()
    return total


def never_clears(model, x, y, size):
    total = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece, reduction="sum") / len(x)
        loss.backward()
        total += loss.item()
    return total


def takes_all_at_once(model, x, y, size):
    model.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return loss.item()


def keeps_all_graphs(model, x, y, size):
    model.zero_grad()
    loss = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = loss + F.cross_entropy(model(x_piece), y_piece, reduction="sum") / len(x)
    loss.backward()
    return loss.item()


def joins_logits(model, x, y, size):
    model.zero_grad()
    loss = F.cross_entropy(torch.cat([model(piece) for piece in x.split(size)]), y)
    loss.backward()
    return loss.item()


def drops_the_rest(model, x, y, size):
    model.zero_grad()
    total = 0.0
    for start in range(0, len(x) - size + 1, size):
        loss = F.cross_entropy(model(x[start : start + size]), y[start : start + size], reduction="sum") / len(x)
        loss.backward()
        total += loss.item()
    return total


def divides_by_size(model, x, y, size):
    model.zero_grad()
    total = 0.0
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece, reduction="sum") / size
        loss.backward()
        total += loss.item()
    return total


def returns_the_last_loss(model, x, y, size):
    model.zero_grad()
    for x_piece, y_piece in zip(x.split(size), y.split(size)):
        loss = F.cross_entropy(model(x_piece), y_piece, reduction="sum") / len(x)
        loss.backward()
    return loss.item()


def returns_the_sum(model, x, y, size):
    return sums_and_divides(model, x, y, size) * len(x)


def never_goes_back(model, x, y, size):
    model.zero_grad()
    with torch.no_grad():
        pieces = zip(x.split(size), y.split(size))
        return sum(F.cross_entropy(model(a), b, reduction="sum").item() for a, b in pieces) / len(x)


def makes_a_step(model, x, y, size):
    loss = sums_and_divides(model, x, y, size)
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    return loss


def misreads_zip(model, x, y, size):
    model.zero_grad()
    for x_piece, y_piece in x.split(size), y.split(size):
        F.cross_entropy(model(x_piece), y_piece).backward()
    return 0.0


RIGHT = [
    (sums_and_divides, "sums in each piece, divided by all examples"),
    (weighs_the_mean, "the mean of each piece, weighted"),
    (divides_the_gradients_at_the_end, "divides the gradients at the end"),
    (keeps_the_total_as_a_tensor, "nll_loss, and a total that is a tensor"),
    (takes_autograd_grad, "torch.autograd.grad, put into .grad at the end"),
    (goes_backwards, "the last piece first"),
    (functools.partial(with_reduction, "sum"), "functools.partial"),
]

WRONG = [
    (left_as_given, "left as given", "you add up the gradients of 3 means"),
    (forgets_the_return, "computes it but does not return it", "your function returns nothing"),
    (divides_by_pieces, "divides by the number of pieces", "each piece weighs the same"),
    (sums_only, "sums and does not divide", "these are gradients of the sum over all examples"),
    (clears_in_every_piece, "clears the gradients in every piece", "of 7 examples in pieces of 3"),
    (never_clears, "never clears the gradients", "the gradients of an earlier step are still in them"),
    (takes_all_at_once, "the whole batch at once", "of 7 examples"),
    (keeps_all_graphs, "adds up losses and goes back once", "the graphs of 3 pieces are alive at once"),
    (joins_logits, "joins the logits of all pieces", "the graphs of 3 pieces are alive at once"),
    (drops_the_rest, "drops a last piece that is smaller", "of 7 examples"),
    (divides_by_size, "divides by size", "of 7 examples in pieces of 3"),
    (returns_the_last_loss, "returns the share of the last piece", "the gradients are right"),
    (returns_the_sum, "returns the sum of the losses", "you return the sum of the losses"),
    (never_goes_back, "under no_grad, no backward", "a weight has no gradient in the end"),
    (makes_a_step, "makes a step, too", "the weights have moved"),
    (misreads_zip, "forgets zip", "raises ValueError"),
]
