"""The exercises of notebook 27_writing."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.exercise import (
    Exercise,
    Mistake,
    Mistakes,
    as_floats,
    as_number,
    call_cases,
    explain,
    first_wrong,
    near,
)

TEXTS = (  # learned, unseen, letters
    ("abababababab", "aba", 2),  # twelve letters, on paper: 7/8 and 6/7
    ("abracadabra!", "a!rab", 27),
    ("aaaab", "aaba", 3),  # pairs overlap, and b is followed by nothing
    ("", "ab", 4),
    ("to be or not", "not to be", 27),
    ("xyz", "zy", 26),
)


def check_bits(answer: object) -> None:
    right = [two_gram_bits(*case) for case in TEXTS]
    results = call_cases(answer, TEXTS, WRONG_BITS, right=right, read=as_number)
    if near(results, right):
        return
    explain(results, TEXTS, WRONG_BITS)
    place = first_wrong(results, right)
    raise Mistake(
        f"for learned, unseen, letters = {', '.join(map(repr, TEXTS[place]))} you return {results[place]:.4f}, "
        f"expected {right[place]:.4f}."
    )


def two_gram_bits(learned, unseen, letters):
    pairs = Counter(zip(learned, learned[1:]))
    firsts = Counter(learned[:-1])
    bits = 0.0
    for pair in zip(unseen, unseen[1:]):
        chance = (pairs[pair] + 1) / (firsts[pair[0]] + letters)
        bits -= math.log2(chance)
    return bits / (len(unseen) - 1)


def _chances(learned: str, unseen: str, letters: int, plus: int = 1, lasts: bool = False, turned: bool = False) -> list:
    """Return the chance of each letter of `unseen` from the second on, with mistakes if wanted."""
    pairs = Counter(zip(learned, learned[1:]))
    firsts = Counter(learned if lasts else learned[1:] if turned else learned[:-1])
    places = [(a, b) for a, b in zip(unseen, unseen[1:])]
    return [(pairs[pair] + plus) / (firsts[pair[turned]] + plus * letters) for pair in places]


def _mean_bits(chances: list) -> float:
    return -sum(map(math.log2, chances)) / len(chances)


WRONG_BITS = (
    (
        lambda *case: _mean_bits(_chances(*case)) * math.log(2),
        "these are natural logarithms: bits are counted by `math.log2`.",
    ),
    (lambda *case: -_mean_bits(_chances(*case)), "the sign is wrong: chances below 1 have logarithms below 0."),
    (
        lambda *case: _mean_bits(_chances(*case)) * len(_chances(*case)),
        "these are the bits of the whole text: divide by how many letters were predicted.",
    ),
    (
        lambda *case: _mean_bits(_chances(*case)) * len(_chances(*case)) / len(case[1]),
        "you divide by all letters of `unseen`: the first one is not predicted, so it does not count.",
    ),
    (lambda *case: 2 ** _mean_bits(_chances(*case)), "this is the perplexity, 2 to the power of the bits."),
    (
        lambda *case: -math.log2(sum(_chances(*case)) / len(_chances(*case))),
        "you take the logarithm of the mean chance, expected the mean of the logarithms.",
    ),
    (
        lambda *case: sum(_chances(*case)) / len(_chances(*case)),
        "this is the mean chance, expected the mean of its −log2.",
    ),
    (
        lambda *case: _mean_bits(_chances(*case, lasts=True)),
        "you count how often a letter stands in `learned`; at its end nothing follows, so that one is no pair.",
    ),
    (
        lambda *case: _mean_bits(_chances(*case, turned=True)),
        "this is the chance of the letter before, given the one behind: turn it round.",
    ),
    (
        lambda learned, unseen, letters: _mean_bits(
            [
                (Counter(zip(learned, learned[1:]))[pair] + 1) / (max(0, len(learned) - 1) + letters)
                for pair in zip(unseen, unseen[1:])
            ]
        ),
        "you divide by all pairs of the text, expected those that begin with the letter before.",
    ),
    (
        lambda learned, unseen, letters: _mean_bits(
            [(learned.count(a + b) + 1) / (learned[:-1].count(a) + letters) for a, b in zip(unseen, unseen[1:])]
        ),
        "`str.count` misses pairs that overlap: 'aaa' holds 'aa' twice.",
    ),
    (
        lambda learned, unseen, letters: _mean_bits(
            [
                (Counter(zip(learned, learned[1:]))[a, b] + 1) / (learned[:-1].count(a) + len(set(learned)))
                for a, b in zip(unseen, unseen[1:])
            ]
        ),
        "you add as many as there are different letters in `learned`, expected `letters`.",
    ),
    (
        lambda learned, unseen, letters: _mean_bits(
            [(learned.count(b) + 1) / (len(learned) + letters) for b in unseen[1:]]
        ),
        "these are chances of single letters: a 2-gram looks at the letter before.",
    ),
)


def _table(*rows: list) -> tuple[Tensor]:
    return (torch.tensor(rows, dtype=torch.float32),)


TABLES = (
    _table([4, 0, 0], [1, 2, 1], [0, 2, 2]),  # square: rows and columns can be taken for each other
    _table([3, 1, 0, 0], [1, 1, 2, 4]),
    _table([2, 0], [0, 0], [1, 1]),  # a word that was never seen
    _table([5, 0, 1], [1, 0, 1]),  # a text without words
    _table([7]),
    _table([1, 2], [2, 4], [3, 6]),  # all by chance
)


def check_ppmi(answer: object) -> None:
    right = [ppmi_of_texts(*case).numpy() for case in TABLES]
    if (results := _up_to_wrong(answer, TABLES, WRONG_PPMI, 1e-4, right, _read_table)) is None:
        return
    (counts,), value = TABLES[len(results) - 1], results[-1]
    if not np.isfinite(value).all():
        raise Mistake(f"for the counts {_listed(counts)} some of your numbers are infinite or nan.")
    raise Mistake(
        f"for the counts {_listed(counts)} you return {_listed(value)}, expected {_listed(right[len(results) - 1])}."
    )


def _up_to_wrong(
    answer: object, cases: Sequence[tuple], mistakes: Mistakes, tolerance: float, right: list, read: Callable
) -> list | None:
    """Return the results up to the first wrong one, None if all are right; `read` sees the case's first argument."""
    results: list = []
    for case in cases:
        results += call_cases(answer, [case], read=lambda result, case=case: read(result, case[0]))
        if not near(results, right[: len(results)], tolerance):
            explain(results, cases, mistakes, tolerance)
            return results
    return None


def _listed(values: Tensor | np.ndarray) -> list:
    return np.asarray(values).round(3).tolist()


def _read_table(result: object, counts: Tensor) -> np.ndarray:
    shape = tuple(counts.shape)
    values = as_floats(result, f"a table {shape}")
    if values.shape != shape:
        raise Mistake(f"for counts {shape} you return shape {values.shape}, expected the same.")
    return values


def ppmi_of_texts(counts):
    together = counts / counts.sum()
    by_chance = together.sum(1)[:, None] * together.sum(0)
    pmi = (together / by_chance).log2()
    return torch.where(counts > 0, pmi.clamp(min=0), 0.0)


def _pmi(counts: Tensor) -> np.ndarray:
    together = counts / counts.sum()
    return (together / (together.sum(1)[:, None] * together.sum(0))).log2().numpy()


def _of_one(counts: Tensor, dim: int) -> np.ndarray:
    """Return the table of square counts, with the sums of rows (1) or of columns (0) taken for both."""
    together = counts / counts.sum()
    alone = together.sum(dim)
    return torch.where(counts > 0, (together / (alone[:, None] * alone)).log2(), 0.0).clamp(min=0).numpy()


WRONG_PPMI = (
    (
        lambda counts: _of_one(counts, 1),
        "you take the sums of the rows twice: a column stands for a text, and has a sum of its own.",
    ),
    (
        lambda counts: _of_one(counts, 0),
        "you take the sums of the columns twice: a row stands for a word, and has a sum of its own.",
    ),
    (
        lambda counts: np.clip(np.where(counts > 0, _pmi(counts), 0), 0, None).T,
        "your table is turned: a row for each word, a column for each text.",
    ),
    (_pmi, "where a word is not in a text, log2(0) is −∞: such entries, and all below 0, shall be 0."),
    (
        lambda counts: np.clip(_pmi(counts), 0, None),
        "a word that is in no text gives 0/0, which is nan: its row shall be 0, too.",
    ),
    (
        lambda counts: np.where(counts > 0, _pmi(counts), 0),
        "what is rarer than by chance still has numbers below 0: these shall be 0, too.",
    ),
    (
        lambda counts: np.clip(np.where(counts > 0, _pmi(counts), 0), 0, None) * math.log(2),
        "these are natural logarithms, expected those by 2.",
    ),
    (lambda counts: np.abs(np.where(counts > 0, _pmi(counts), 0)), "what lies below 0 shall be 0, not turned round."),
    (
        lambda counts: np.where(counts > 0, 2 ** _pmi(counts), 0),
        "this is how many times more often than by chance: its logarithm is missing.",
    ),
    (
        lambda counts: np.where(counts > 0, np.maximum(2 ** _pmi(counts), 1), 0),
        "this is how many times more often than by chance: its logarithm is missing.",
    ),
    (
        lambda counts: np.where(np.isfinite(_pmi(counts)), (_pmi(counts) > 0) * 1.0, 0),
        "you say whether it is above 0, expected by how much.",
    ),
)


def _gradients(*parts: list, most: float) -> tuple[list[Tensor], float]:
    return [torch.tensor(part, dtype=torch.float32) for part in parts], most


GRADIENTS = (
    _gradients([3.0, 4.0], [[0.0, 12.0]], most=1.0),  # norms 5, 12 and 13
    _gradients([6.0, 8.0], [0.0, 0.0, 0.5], most=2.0),
    _gradients([0.3, -0.4], [0.0], most=1.0),  # short enough
    _gradients([1.0], [1.0], [1.0], [1.0], most=1.0),  # each is, and all together are not
    _gradients([2.0, -1.0, 2.0], most=1.5),
    _gradients([0.0, 0.0], [0.0], most=1.0),
)


def check_clipped(answer: object) -> None:
    right = [[part.numpy() for part in clipped(*case)] for case in GRADIENTS]
    if (results := _up_to_wrong(answer, GRADIENTS, WRONG_CLIP, 1e-4, right, _read_parts)) is None:
        return
    gradients, most = GRADIENTS[len(results) - 1]
    raise Mistake(
        f"for the gradients {[part.tolist() for part in gradients]} and most = {most} you return "
        f"{[part.round(4).tolist() for part in results[-1]]}, "
        f"expected {[part.round(4).tolist() for part in right[len(results) - 1]]}."
    )


def _read_parts(result: object, given: list[Tensor]) -> list[np.ndarray]:
    try:
        listed = [part.detach().cpu() if isinstance(part, Tensor) else part for part in result]  # pyright: ignore
        parts = [np.asarray(part, float) for part in listed]
    except (TypeError, ValueError):
        raise Mistake(f"you return a {type(result).__name__}, expected a list of gradients.") from None
    shapes, wanted = [part.shape for part in parts], [tuple(part.shape) for part in given]
    if shapes != wanted:
        raise Mistake(f"you return gradients of the shapes {shapes}, expected {wanted}.")
    return parts


def clipped(gradients, most):
    norm = sum(gradient.square().sum() for gradient in gradients).sqrt()
    factor = most / max(most, norm.item())
    return [gradient * factor for gradient in gradients]


def _times(gradients: list[Tensor], factor: float) -> list[np.ndarray]:
    return [(gradient * factor).numpy() for gradient in gradients]


def _norm(gradients: list[Tensor]) -> float:
    return math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients))


WRONG_CLIP = (
    (
        lambda gradients, most: [
            (gradient * min(1.0, most / max(1e-9, gradient.norm().item()))).numpy() for gradient in gradients
        ],
        "each gradient is clipped by itself, so they no longer point the same way: clip the norm of all together.",
    ),
    (
        lambda gradients, most: [gradient.clamp(-most, most).numpy() for gradient in gradients],
        "you clip each number by itself, which turns the step: clip the norm of all together.",
    ),
    (
        lambda gradients, most: _times(gradients, most / max(1e-9, _norm(gradients))),
        "short gradients become longer: they shall stay as they are.",
    ),
    (
        lambda gradients, most: _times(gradients, min(1.0, most / max(1e-9, _norm(gradients) ** 2))),
        "the sum of squares is the square of the norm: its root is missing.",
    ),
    (
        lambda gradients, most: _times(
            gradients, min(1.0, most / max(1e-9, sum(gradient.norm().item() for gradient in gradients)))
        ),
        "you add the norms: the norm of all is the root of the sum of their squares.",
    ),
    (
        lambda gradients, most: _times(
            gradients, min(1.0, most / max(1e-9, max(gradient.norm().item() for gradient in gradients)))
        ),
        "you take the longest gradient for all: the norm of all is the root of the sum of their squares.",
    ),
    (
        lambda gradients, most: _times(gradients, 0.0 if _norm(gradients) > most else 1.0),
        "long gradients shall become shorter, not 0.",
    ),
    (lambda gradients, most: _times(gradients, 1.0), "long gradients stay as they are."),
)


LOGITS = (
    (torch.tensor([2.0, 1.0, 0.0]), 0.5),
    (torch.tensor([2.0, 1.0, 0.0]), 2.0),
    (torch.tensor([[0.0, 1.0], [3.0, -1.0], [1.0, 1.0]]), 4.0),
    (torch.tensor([1.0, -1.0, 0.5, 0.0]), 1.0),
    (torch.tensor([200.0, 100.0]), 0.5),  # exp(400) is infinite
)


def check_temperature(answer: object) -> None:
    right = [soften(*case).numpy() for case in LOGITS]
    if (results := _up_to_wrong(answer, LOGITS, WRONG_TEMPERATURE, 1e-5, right, _read_table)) is None:
        return
    (logits, temperature), value = LOGITS[len(results) - 1], results[-1]
    if not np.isfinite(value).all():
        raise Mistake(f"for the logits {_listed(logits)} some of your chances are infinite or nan.")
    raise Mistake(
        f"for the logits {_listed(logits)} and temperature {temperature} you return "
        f"{_listed(value)}, expected {_listed(right[len(results) - 1])}."
    )


def soften(logits, temperature):
    logits = logits / temperature
    chances = logits.softmax(dim=-1)
    return chances


WRONG_TEMPERATURE = (
    (
        lambda logits, temperature: logits.softmax(-1).numpy(),
        "the temperature changes nothing: divided by it and made to add up to 1 again, chances are what they were.",
    ),
    (
        lambda logits, temperature: (logits.softmax(-1) / temperature).numpy(),
        "your chances no longer add up to 1: the temperature belongs before the softmax.",
    ),
    (
        lambda logits, temperature: (logits * temperature).softmax(-1).numpy(),
        "high temperatures make it more sure, expected less: divide.",
    ),
    (
        lambda logits, temperature: (logits.softmax(-1) / temperature).softmax(-1).numpy(),
        "this is a softmax of chances: it takes logits.",
    ),
    (lambda logits, temperature: (logits / temperature).numpy(), "these are logits: the softmax is missing."),
    (
        lambda logits, temperature: (logits / temperature).log_softmax(-1).numpy(),
        "these are logarithms of chances: take `softmax`.",
    ),
    (
        lambda logits, temperature: (logits / temperature).softmax(0).numpy(),
        "the columns add up to 1, expected the rows: the softmax goes over the last dimension.",
    ),
)


EXERCISES: dict[str, Exercise] = {
    "writing.bits": Exercise(
        check_bits,
        "One bit less a character means that the right letter was twice as likely, in the geometric mean.",
        (
            "`zip(learned, learned[1:])` gives all pairs of letters that follow each other. Count them.",
            "A letter begins as many pairs as it stands in `learned[:-1]`.",
            "`chance = (pairs[a, b] + 1) / (firsts[a] + letters)`, and its bits are `-math.log2(chance)`.",
        ),
        two_gram_bits,
    ),
    "writing.ppmi": Exercise(
        check_ppmi,
        "The same table, cut by an SVD, gives vectors for words *and* for texts: that is latent semantic analysis.",
        (
            "How likely is a cell by chance? The share of its word times the share of its text.",
            "`together.sum(1)` are the shares of the words, and `together.sum(0)` those of the texts.",
            "`by_chance = together.sum(1)[:, None] * together.sum(0)`",
        ),
        ppmi_of_texts,
    ),
    "writing.clip": Exercise(
        check_clipped,
        "The step got shorter, and its direction is what it was.",
        (
            "Two gradients of norm 3 and 4, together: how long is that step?",
            "One factor for all: the root of the sum of all squares says how long the step is.",
            "`factor = most / max(most, norm)` is never above 1, and does not divide by 0.",
        ),
        clipped,
    ),
    "writing.temperature": Exercise(
        check_temperature,
        "Now cold means sure, and hot means that all letters become alike.",
        (
            "Halve two chances and make them add up to 1 again: what has changed?",
            "Differences between *logits* decide how sure the softmax is.",
            "Divide the logits, not the chances.",
        ),
        soften,
    ),
}
