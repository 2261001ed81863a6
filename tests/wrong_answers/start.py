import torch


def untouched(logits, y): ...


def count(logits, y):
    return (logits.argmax(1) == y).sum().item()


def percentage(logits, y):
    return 100 * (logits.argmax(1) == y).float().mean().item()


def tensor(logits, y):
    return (logits.argmax(1) == y).float().mean()


def not_averaged(logits, y):
    return logits.argmax(1) == y


def error_rate(logits, y):
    return (logits.argmax(1) != y).float().mean().item()


def compares_values(logits, y):
    return (logits.max(1).values == y).float().mean().item()


def no_dimension(logits, y):
    return (logits.argmax() == y).float().mean().item()


def divides_by_classes(logits, y):
    return (logits.argmax(1) == y).sum().item() / logits.shape[1]


def wrong_dimension(logits, y):
    return (logits.argmax(0) == y).float().mean().item()


def untouched_centre(picture): ...


def untouched_surest(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    order = confidence[wrong].argsort(descending=True)
    return order[:count]


def middle_of_box(picture):
    if not picture.any():
        return picture
    rows, columns = picture.nonzero().double().T
    down = 14 - round((rows.min() + rows.max()).item() / 2)
    right = 14 - round((columns.min() + columns.max()).item() / 2)
    return torch.roll(picture, (down, right), (0, 1))


def unmoved(picture):
    return picture


def loses_ink(picture):
    return torch.roll(picture, (10, 10), (0, 1)) // 2


def goes_somewhere(picture):
    return torch.roll(picture, (3, -2), (0, 1))


def nothing_for_an_empty_page(picture):
    places = torch.arange(28)
    row = (picture.sum(1) * places).sum() / picture.sum()
    column = (picture.sum(0) * places).sum() / picture.sum()
    return torch.roll(picture, (14 - round(row.item()), 14 - round(column.item())), (0, 1))


def columns_only(picture):
    if not picture.any():
        return picture
    column = (picture.sum(0) * torch.arange(28)).sum() / picture.sum()
    return torch.roll(picture, 14 - round(column.item()), 1)


def in_order(logits, y, count):
    return (logits.argmax(1) != y).nonzero().flatten()[:count]


def a_set(logits, y, count):
    return set(in_order(logits, y, count).tolist())


def not_flat(logits, y, count):
    return (logits.argmax(1) != y).nonzero()[:count]


def first_ones(logits, y, count):
    return torch.arange(min(count, len(y)))


def mistakes_turned(logits, y, count):
    return in_order(logits, y, count).flip(0)


UNTOUCHED = {"start.accuracy": untouched, "start.centre": untouched_centre, "start.surest": untouched_surest}
WRONG = {
    "start.centre": [
        (middle_of_box, "the middle of the box around the ink"),
        (unmoved, "comes back as it was"),
        (loses_ink, "some ink was lost or changed"),
        (goes_somewhere, "the centre of mass lies at row"),
        (nothing_for_an_empty_page, "your function raises ValueError in its line"),
        (columns_only, "the rows stay where they were"),
    ],
    "start.surest": [
        (untouched_surest, "these are places among the wrong answers"),
        (in_order, "in the order of the images"),
        (a_set, "you return a set, expected places"),
        (not_flat, "the result has shape"),
        (first_ones, "images were read correctly, as image"),
        (mistakes_turned, "of them misread, you return"),
    ],
    "start.accuracy": [
        (count, "is it a count?"),
        (percentage, "you return a percentage"),
        (tensor, "still a tensor"),
        (not_averaged, "you return shape (5,) for 5 images"),
        (error_rate, "the fraction that is wrong"),
        (compares_values, "nothing counts as right"),
        (no_dimension, "all images get the same answer"),
        (divides_by_classes, "divide by the number of classes"),
        (wrong_dimension, "your function raises RuntimeError in its line `return (logits.argmax(0) == y)"),
    ],
}
