# TO WRITE: the wrong answers that learners give to your exercises, each with a fragment of its message.
def untouched(x): ...


def of_columns(x):
    return x.mean(0)


def sums(x):
    return x.sum(1)


def of_everything(x):
    return x.mean()


def given_span(x):
    return x.max() - x.min()


def spans_of_columns(x):
    return x.amax(0) - x.amin(0)


def largest(x):
    return x.amax(1)


def given_centred(x):
    return x - x.mean(0)


def not_kept(x):
    return x - x.mean(1)


def around_everything(x):
    return x - x.mean()


UNTOUCHED = {"rain.means": untouched, "rain.spans": given_span, "rain.centred": given_centred}
WRONG = {
    "rain.means": [
        (of_columns, "the means of the columns"),
        (sums, "the sums of the rows"),
        (of_everything, "the result has shape ()"),
    ],
    "rain.spans": [
        (given_span, "the result has shape ()"),
        (spans_of_columns, "the spans of the columns"),
        (largest, "the largest numbers"),
    ],
    "rain.centred": [
        (given_centred, "now the columns have the mean 0"),
        (not_kept, "loses the mean of a row"),
        (around_everything, "you return [["),
    ],
}
