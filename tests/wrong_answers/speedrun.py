import torch
from torch.nn import functional as F


def untouched_patches(x, side): ...


def cut(x, side):
    return F.pixel_unshuffle(x, side)


def by_columns(x, side):
    return torch.cat([x[:, :, row::side, column::side] for column in range(side) for row in range(side)], 1)


def viewed(x, side):
    return x.reshape(cut(x, side).shape)


def in_large_parts(x, side):
    return torch.cat([part for rows in x.chunk(side, 2) for part in rows.chunk(side, 3)], 1)


def from_the_end(x, side):
    return cut(x, side).flip(1)


def channels_last(x, side):
    return cut(x, side).permute(0, 2, 3, 1)


def means(x, side):
    return F.avg_pool2d(x, side)


def always_the_first(x, side):
    return cut(x, side)[:, :1].repeat(1, side**2, 1, 1)


def given_soft(logits, y, smoothing):
    return with_target(lambda hard, classes, s: hard)(logits, y, smoothing)


def with_target(make, form=lambda losses: losses.mean()):
    def loss(logits, y, smoothing):
        target = make(F.one_hot(y, logits.shape[1]), logits.shape[1], smoothing)
        return form(-(target * logits.log_softmax(1)).sum(1))

    return loss


def soft(hard, classes, s):
    return (1 - s) * hard + s / classes


def log_of_softmax(logits, y, smoothing):
    target = soft(F.one_hot(y, logits.shape[1]), logits.shape[1], smoothing)
    return -(target * logits.softmax(1).log()).sum(1).mean()


def over_classes(logits, y, smoothing):
    return with_target(soft)(logits, y, smoothing) / logits.shape[1]


def along_the_batch(logits, y, smoothing):
    target = soft(F.one_hot(y, logits.shape[1]), logits.shape[1], smoothing)
    return -(target * logits.log_softmax(0)).sum(1).mean()


def given_hardest(losses, order, part):
    return losses.topk(max(1, round(part * len(order)))).indices


def chosen(count=lambda part, many: max(1, round(part * many)), largest=True):
    return lambda losses, order, part: order[losses.topk(count(part, len(order)), largest=largest).indices]


def the_losses(losses, order, part):
    return losses.topk(max(1, round(part * len(order)))).values


def the_first(losses, order, part):
    return order[: max(1, round(part * len(order)))]


UNTOUCHED = {
    "speedrun.patches": untouched_patches,
    "speedrun.soft": given_soft,
    "speedrun.hardest": given_hardest,
}
WRONG = {
    "speedrun.patches": [
        (by_columns, "column by column"),
        (viewed, "these are neighbours in memory"),
        (in_large_parts, "a few large parts"),
        (from_the_end, "at the bottom right"),
        (channels_last, "you put the channels last"),
        (means, "has shape (2, 1, 2, 3)"),
        (always_the_first, "channel 1 of image 0 holds"),
    ],
    "speedrun.soft": [
        (given_soft, "smoothing changes nothing"),
        (
            with_target(lambda hard, classes, s: (1 - s) * hard + (1 - hard) * s / (classes - 1)),
            "the digit gets its part",
        ),
        (with_target(lambda hard, classes, s: (1 - s) * hard + s), "all of smoothing"),
        (with_target(lambda hard, classes, s: hard + s / classes), "nothing is taken away"),
        (with_target(lambda hard, classes, s: (1 - s) * hard), "given to nobody"),
        (with_target(lambda hard, classes, s: (1 - s) * hard + s / 10), "ten classes for granted"),
        (with_target(lambda hard, classes, s: 0.9 * hard + 0.1 / classes), "0.1 whatever smoothing is"),
        (with_target(lambda hard, classes, s: s * hard + (1 - s) / classes), "you leave so much with the digit"),
        (with_target(soft, lambda losses: -losses.mean()), "the sign is wrong"),
        (with_target(soft, lambda losses: losses.sum()), "you add up over the batch"),
        (with_target(soft, lambda losses: losses), "one loss for each example"),
        (with_target(soft, lambda losses: losses.mean().item()), "backward needs its graph"),
        (with_target(soft, lambda losses: losses.mean().detach()), "cut off from the logits"),
        (over_classes, "the mean over the classes, too"),
        (log_of_softmax, "take log_softmax"),
        (along_the_batch, "minus the sum of target times log_softmax"),
    ],
    "speedrun.hardest": [
        (given_hardest, "these are places in the pass"),
        (chosen(largest=False), "these are the easiest"),
        (chosen(lambda part, many: round(part * many)), "you return 0 numbers, expected 1"),
        (chosen(lambda part, many: max(1, int(part * many))), "you return 2 numbers, expected 3"),
        (the_losses, "you return float32 of shape"),
        (the_first, "you return [0, 4], expected [0, 1]"),
        (lambda losses, order, part: 3.0, "you return a float"),
    ],
}
