import torch


def untouched_dropout(x, p, training): ...


def draws(x, p):
    return torch.rand_like(x) >= p


def never(x, p, training):
    return x


def no_scale(x, p, training):
    return x * draws(x, p) if training else x


def scaled_when_judged(x, p, training):
    return x * draws(x, p) if training else x * (1 - p)


def scaled_by_p(x, p, training):
    return x * draws(x, p) / p if training else x


def shrunk_twice(x, p, training):
    return x * draws(x, p) * (1 - p) if training else x


def keeps_p(x, p, training):
    return x * (torch.rand_like(x) < p) / p if training else x


def always(x, p, training):
    return x * draws(x, p) / (1 - p)


def fixed_half(x, p, training):
    return x * (torch.rand_like(x) >= 0.5) * 2 if training else x


def fixed_scale(x, p, training):
    return x * draws(x, p) * 1.25 if training else x


def fixed_part(x, p, training):
    return x * (torch.rand_like(x) >= 0.2) / 0.8 if training else x


def columns(x, p, training):
    return x * draws(x[0], p) / (1 - p) if training else x


def rows(x, p, training):
    return x * draws(x[:, :1], p) / (1 - p) if training else x


def one_coin(x, p, training):
    return x * (torch.rand(()) >= p) / (1 - p) if training else x


def all_gone(x, p, training):
    return x * int(p > 1) if training else x


def one_mask(x, p, training):
    mask = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) >= p
    return x * mask / (1 - p) if training else x


def in_place(x, p, training):
    return x.mul_(draws(x, p)).div_(1 - p) if training else x


def scaled_both(x, p, training):
    return (x * draws(x, p) if training else x) / (1 - p)


def noisy_scale(x, p, training):
    return x * draws(x, p) / (1 - torch.rand_like(x) * p) if training else x


def in_numpy(x, p, training):
    return dropped.numpy() if (dropped := x * draws(x, p) / (1 - p)) is not None and training else x


def forgets_evaluation(x, p, training):
    if training:
        return x * draws(x, p) / (1 - p)


def root_scale(x, p, training):
    return x * draws(x, p) / (1 - p) ** 0.5 if training else x


def untouched_stop(losses, patience):
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] > losses[epoch - 2]:
            return epoch - 1, epoch
    return len(losses), len(losses)


def stopping(late=0, ties=False, first=1, previous=False, total=False, last_is_best=False, limit=None, look_on=False):
    def stop(losses, patience):
        best, worse, lowest, epoch = 1, 0, losses[0], 1
        for epoch, loss in enumerate(losses[1:], 2):
            compared = losses[epoch - 2] if previous else lowest
            if loss < compared or (ties and loss == compared):
                best, lowest = epoch, loss
                worse = worse if total else 0
            else:
                worse += 1
            if worse >= (limit or patience) + late:
                break
        if look_on:
            best = losses.index(min(losses)) + 1
        if last_is_best:
            best = epoch
        return best + first - 1, epoch + first - 1

    return stop


def never_stops(losses, patience):
    return losses.index(min(losses)) + 1, len(losses)


def only_the_best(losses, patience):
    return losses.index(min(losses)) + 1


def highest(losses, patience):
    return losses.index(max(losses)) + 1, len(losses)


def counts_the_first(losses, patience):
    best, worse = 0, 0
    for epoch, loss in enumerate(losses):
        best, worse = (epoch, 0) if loss < losses[best] else (best, worse + 1)
        if worse == patience:
            break
    return best + 1, epoch + 1


def returns_the_loss(losses, patience):
    best, last = stopping()(losses, patience)
    return losses[best - 1], last


def turned_round(losses, patience):
    return stopping()(losses, patience)[::-1]


def never_returns(losses, patience):
    best, last = stopping()(losses, patience)
    if last < len(losses):
        return best, last


def sorts(losses, patience):
    best = stopping()(losses, patience)
    losses.sort()
    return best


def leaky(x_train, x_valid):
    everything = torch.cat([x_train, x_valid])
    mean, std = everything.mean(0), everything.std(0) + 1e-6
    return (x_train - mean) / std, (x_valid - mean) / std


def each_by_its_own(x_train, x_valid):
    return tuple((x - x.mean(0)) / (x.std(0, correction=0) + 1e-6) for x in (x_train, x_valid))


def by_training(dim=0, scale=lambda x: x.std(0) + 1e-6, center=True, valid=lambda x: x):
    def standardize(x_train, x_valid):
        mean = (x_train.mean() if dim is None else x_train.mean(dim)) if center else 0
        return (x_train - mean) / scale(x_train), valid((x_valid - mean) / scale(x_train))

    return standardize


def valid_untouched(x_train, x_valid):
    return (x_train - x_train.mean(0)) / (x_train.std(0) + 1e-6), x_valid


def mixed(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    return (x_train - mean) / std, x_valid - mean


def changes_inputs(x_train, x_valid):
    mean, std = x_train.mean(0), x_train.std(0) + 1e-6
    return x_train.sub_(mean).div_(std), x_valid.sub_(mean).div_(std)


def only_training(x_train, x_valid):
    return (x_train - x_train.mean(0)) / (x_train.std(0) + 1e-6)


def doubles(x_train, x_valid):
    return tuple(x.double() for x in by_training()(x_train, x_valid))


UNTOUCHED = {
    "overfitting.dropout": untouched_dropout,
    "overfitting.stop": untouched_stop,
    "overfitting.standardize": leaky,
}
WRONG = {
    "overfitting.dropout": [
        (never, "nothing is dropped"),
        (no_scale, "so a sum shrinks to 80%"),
        (scaled_when_judged, "should not have to know p"),
        (scaled_by_p, "divided by p"),
        (shrunk_twice, "shrinks twice"),
        (keeps_p, "the part to drop or the part to keep"),
        (always, "dropped while evaluating"),
        (fixed_half, "expected that part to be p"),
        (fixed_part, "is a number left in your code"),
        (columns, "a whole column is dropped"),
        (rows, "a whole row is dropped"),
        (all_gone, "everything is dropped"),
        (one_mask, "two calls drop the same numbers"),
        (in_place, "changes its argument x"),
        (scaled_both, "evaluation changes the numbers"),
        (noisy_scale, "not all scaled alike"),
        (in_numpy, "is a ndarray, expected a Tensor"),
        (forgets_evaluation, "does every way through it end"),
        (root_scale, "is the mean of many sums still that of x"),
    ],
    "overfitting.stop": [
        (untouched_stop, "stop at the first loss that is no better"),
        (stopping(late=1), "one epoch too late"),
        (stopping(first=0), "count epochs from 0"),
        (stopping(ties=True), "equal is not better"),
        (stopping(previous=True), "Compare with the best"),
        (stopping(total=True), "patience begins anew"),
        (stopping(last_is_best=True), "begun to overfit"),
        (stopping(look_on=True), "losses behind the stop"),
        (stopping(limit=2), "is a number left in your code"),
        (never_stops, "you go on to the end"),
        (only_the_best, "expected two numbers"),
        (highest, "which way is better"),
        (counts_the_first, "do you count the first epoch as one"),
        (returns_the_loss, "You return the lowest loss"),
        (turned_round, "The two numbers are in the wrong order"),
        (never_returns, "does every way through it end"),
        (sorts, "changes its argument losses"),
    ],
    "overfitting.standardize": [
        (leaky, "nobody should have looked at yet"),
        (each_by_its_own, "How would you scale a single new image"),
        (by_training(scale=lambda x: x.std(0)), "you divide by it: keep the 1e-6"),
        (by_training(dim=None), "one mean over everything"),
        (by_training(center=False), "have means that are not 0"),
        (by_training(scale=lambda x: x.var(0) + 1e-6), "a root is missing"),
        (by_training(scale=lambda x: x.std() + 1e-6), "divide by that of each"),
        (valid_untouched, "the validation part is as it was"),
        (mixed, "scaled by different numbers"),
        (changes_inputs, "changes its argument x_train"),
        (only_training, "expected two tensors"),
        (doubles, "expected torch.float32"),
    ],
}
