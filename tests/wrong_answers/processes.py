import torch
from torch.nn import functional as F


def untouched_shares(gradients, counts): ...


def plain(gradients, counts):
    return sum(gradients) / len(gradients)


def plain_of_some(gradients, counts):
    some = [gradient for gradient, count in zip(gradients, counts) if count]
    return sum(some) / len(some)


def with_nan(gradients, counts):
    return sum(count * gradient for gradient, count in zip(gradients, counts)) / sum(counts)


def weighted(by, gradients, counts):
    return sum(count * gradient for gradient, count in zip(gradients, counts) if count) / by(counts)


def added(gradients, counts):
    return sum(gradient for gradient, count in zip(gradients, counts) if count)


def the_first(gradients, counts):
    return gradients[0]


def given_accumulate(model, x, y, size):
    return in_pieces(lambda loss, piece, x: loss)(model, x, y, size)


def in_pieces(weigh, clear=True, told=lambda total, x: total):
    """Mean losses of pieces, weighed in some way."""

    def accumulate(model, x, y, size):
        if clear:
            model.zero_grad()
        total = 0.0
        for piece, labels in zip(x.split(size), y.split(size)):
            loss = weigh(F.cross_entropy(model(piece), labels), piece, x)
            loss.backward()
            total += loss.item()
        return told(total, x)

    return accumulate


def share(loss, piece, x):
    return loss * len(piece) / len(x)


def by_pieces(model, x, y, size):
    return in_pieces(lambda loss, piece, x: loss / len(x.split(size)))(model, x, y, size)


def at_once(model, x, y, size):
    return in_pieces(share)(model, x, y, len(x))


def one_backward(model, x, y, size):
    model.zero_grad()
    loss = sum(
        share(F.cross_entropy(model(piece), labels), piece, x) for piece, labels in zip(x.split(size), y.split(size))
    )
    loss.backward()
    return loss.item()


def whole_pieces(model, x, y, size):
    count = len(x) - len(x) % size
    return in_pieces(share)(model, x[:count], y[:count], size)


def with_a_step(model, x, y, size):
    loss = in_pieces(share)(model, x, y, size)
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    return loss


def without_backward(model, x, y, size):
    return F.cross_entropy(torch.cat([model(piece).detach() for piece in x.split(size)]), y).item()


def given_resume(model, optimizer, batches, checkpoint):
    return resumed(optimizer_too=False)(model, optimizer, batches, checkpoint)


def resumed(optimizer_too=True, steps=0, clear=True):
    def train(model, optimizer, batches, checkpoint):
        step = 0
        if checkpoint:
            model.load_state_dict(checkpoint["model"])
            step = checkpoint["step"]
            if optimizer_too:
                optimizer.load_state_dict(checkpoint["optimizer"])
        for x, y in batches[step:]:
            if clear:
                optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
            step += 1
        return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + steps}

    return train


def whole_objects(model, optimizer, batches, checkpoint):
    return resumed()(model, optimizer, batches, checkpoint) | {"optimizer": optimizer}


def only_the_step(model, optimizer, batches, checkpoint):
    return resumed()(model, optimizer, batches, checkpoint)["step"]


def no_training(model, optimizer, batches, checkpoint):
    return {"model": model.state_dict()}


UNTOUCHED = {
    "processes.shares": untouched_shares,
    "processes.accumulate": given_accumulate,
    "processes.resume": given_resume,
}
WRONG = {
    "processes.shares": [
        (plain, "you take the plain mean: an image"),
        (plain_of_some, "the plain mean of those that have images"),
        (with_nan, "0 times nan is nan, too"),
        (lambda gradients, counts: weighted(lambda counts: 1, gradients, counts), "you return a sum over all images"),
        (lambda gradients, counts: weighted(len, gradients, counts), "averages divide by examples"),
        (added, "as they are"),
        (the_first, "each image counts as much as any other"),
    ],
    "processes.accumulate": [
        (given_accumulate, "you add up the gradients of 3 means"),
        (by_pieces, "also a last one that is smaller"),
        (in_pieces(lambda loss, piece, x: loss * len(piece)), "of the sum over all examples"),
        (in_pieces(share, clear=False), "clear them first"),
        (in_pieces(share, told=lambda total, x: total * len(x)), "you return the sum of the losses"),
        (in_pieces(share, told=lambda total, x: 0.0), "and you return 0.0000"),
        (in_pieces(lambda loss, piece, x: loss * 3), "these are not the gradients of the mean loss"),
        (at_once, "the model was given 7 at once"),
        (one_backward, "the graphs of 3 pieces are alive at once"),
        (whole_pieces, "the model has seen 6"),
        (with_a_step, "the weights have moved"),
        (without_backward, "the gradients are as they were"),
    ],
    "processes.resume": [
        (given_resume, "what does SGD with momentum remember from step to step?"),
        (resumed(steps=-1), "killed after 1 of 4 batches, a run by SGD does not"),
        (whole_objects, "cannot be written to a file and read again"),
        (only_the_step, "expected a checkpoint: a dictionary"),
        (no_training, "already without an accident"),
    ],
}
