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


UNTOUCHED = {"start.accuracy": untouched}
WRONG = {
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
