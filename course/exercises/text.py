"""The exercises of notebook 23_text."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course.exercises.exercise import Exercise, Mistake, as_floats, call_cases, explain, first_wrong, near

SENTENCES = (  # sentences, most
    ([["the", "plot", "is", "dull"], ["the", "plot", "was", "the", "best"], ["is", "the", "end", "near"]], 3),
    ([["b", "a", "c"], ["c", "a", "b"]], 5),  # all are as frequent
    ([["x", "x", "x"], ["a"], ["a"], ["y", "y", "z"]], 2),  # often, but in one sentence
    ([["so", "so"], [], ["it", "goes"]], 10),
    ([], 4),
    ([["never", "mind"]], 0),
)


def check_vocabulary(answer: object) -> None:
    right = [number_words(*case) for case in SENTENCES]
    results = call_cases(answer, SENTENCES, WRONG_VOCABULARY, right=right, read=_read_vocabulary)
    if results == right:
        return
    for wrong, message in WRONG_VOCABULARY:
        if results == [wrong(*case) for case in SENTENCES]:
            raise Mistake(message)
    place = next(place for place, (value, expected) in enumerate(zip(results, right)) if value != expected)
    sentences, most = SENTENCES[place]
    raise Mistake(f"for {sentences} and most = {most} you return {results[place]}, expected {right[place]}.")


def _read_vocabulary(result: object) -> dict:
    try:
        return {str(word): int(number) for word, number in dict(result).items()}  # pyright: ignore
    except (TypeError, ValueError):
        raise Mistake(f"you return a {type(result).__name__}, expected a dict: the number of each word.") from None


def number_words(sentences, most):
    seen = Counter()
    for sentence in sentences:
        seen.update(sentence)
    frequent = sorted(seen, key=lambda word: (-seen[word], word))
    words = ["<pad>", "<unk>", *frequent[:most]]
    return {word: number for number, word in enumerate(words)}


def _numbered(
    sentences: list, most: int, first: tuple = ("<pad>", "<unk>"), start: int = 0, key: Callable | None = None
) -> dict:
    """Return a vocabulary in another order, or that begins otherwise."""
    seen = Counter(word for sentence in sentences for word in sentence)
    frequent = sorted(seen, key=key(seen) if key else lambda word: (-seen[word], word))[: max(0, most)]
    return {word: number for number, word in enumerate([*first, *frequent], start)}


def _by_sentences(sentences: list, most: int) -> dict:
    return number_words([sorted(set(sentence)) for sentence in sentences], most)


WRONG_VOCABULARY = (
    (
        lambda sentences, most: _numbered(sentences, most, ()),
        "your words begin with number 0: that is padding's, and 1 is for unknown words.",
    ),
    (
        lambda sentences, most: _numbered(sentences, most, (), 1),
        "your words begin with number 1: that is for unknown words, so begin with 2.",
    ),
    (
        lambda sentences, most: _numbered(sentences, most, (), 2),
        "your words have the right numbers, but '<pad>' (0) and '<unk>' (1) are not in the vocabulary.",
    ),
    (
        lambda sentences, most: _numbered(sentences, most, ("<unk>", "<pad>")),
        "'<pad>' and '<unk>' have changed places: 0 is padding.",
    ),
    (
        lambda sentences, most: _numbered(sentences, most - 2),
        "'<pad>' and '<unk>' count among your `most` words: they come on top.",
    ),
    (
        lambda sentences, most: _numbered(sentences, most, key=lambda seen: lambda word: -seen[word]),
        "words that are as frequent stand in the order in which they came, expected that of the alphabet.",
    ),
    (
        lambda sentences, most: _numbered(sentences, most, key=lambda seen: lambda word: (seen[word], word)),
        "your rarest words come first, expected the most frequent ones.",
    ),
    (
        lambda sentences, most: _numbered(sentences, most, key=lambda seen: lambda word: word),
        "you take the first words of the alphabet, expected the most frequent ones.",
    ),
    (
        _by_sentences,
        "you count in how many sentences a word stands: a word that stands twice in one counts twice.",
    ),
    (
        lambda sentences, most: number_words(sentences, 10**6),
        "you number all words: only the `most` most frequent ones get a number of their own.",
    ),
)


def _states_case(batch: int, steps: int, size: int, lengths: list[int]) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(100 * batch + steps)
    return torch.randn(batch, steps, size, generator=generator), torch.tensor(lengths, dtype=torch.int64)


STATES = (
    _states_case(3, 5, 2, [5, 2, 4]),
    _states_case(2, 4, 3, [4, 4]),
    _states_case(4, 4, 4, [1, 3, 2, 4]),  # square: dimensions can be taken for each other
    _states_case(1, 6, 2, [3]),
    _states_case(2, 1, 3, [1, 1]),
    _states_case(3, 7, 2, [3, 1, 2]),  # nobody reaches the end
    _states_case(0, 3, 2, []),
)


def check_last(answer: object) -> None:
    right = [last_states(*case).numpy() for case in STATES]
    results: list = []
    for case in STATES:
        shape = (len(case[0]), case[0].shape[2])
        results += call_cases(answer, [case], read=lambda result, shape=shape: _read_rows(result, shape))
        if not near(results, right[: len(results)]):
            explain(results, STATES, WRONG_LAST)
    if near(results, right):
        return
    lengths = STATES[first_wrong(results, right)][1].tolist()
    raise Mistake(f"for the lengths {lengths} your states are not those after the last word of each text.")


def _read_rows(result: object, shape: tuple[int, int]) -> np.ndarray:
    values = as_floats(result, f"a tensor (B, {shape[1]})")
    if values.shape == (shape[0], *shape):
        raise Mistake("you return each text's state at the lengths of all texts: each length belongs to one row.")
    if values.shape != shape and not (values.size == 0 == shape[0]):
        raise Mistake(f"for {shape[0]} texts you return shape {values.shape}, expected {shape}: one row a text.")
    return values.reshape(shape)


def last_states(states, lengths):
    rows = torch.arange(len(states))
    last = lengths - 1
    return states[rows, last]


def _mask(values: Tensor, lengths: Tensor) -> Tensor:
    return (torch.arange(values.shape[1]) < lengths[:, None])[:, :, None]


WRONG_LAST = (
    (
        lambda states, lengths: states[:, -1].numpy(),
        "these are the states after the last step: shorter texts have read padding by then.",
    ),
    (
        lambda states, lengths: states[torch.arange(len(states)), lengths.clamp(max=states.shape[1] - 1)].numpy(),
        "you are one step too late: steps are counted from 0, so the last of n words is at n - 1.",
    ),
    (
        lambda states, lengths: states[torch.arange(len(states)), lengths - 2].numpy(),
        "you are one step too early: the last of n words is at n - 1.",
    ),
    (
        lambda states, lengths: states[torch.arange(len(states)), -lengths].numpy(),
        "you count from the end: there the padding is.",
    ),
    (lambda states, lengths: states[:, 0].numpy(), "these are the states after the first word."),
    (
        lambda states, lengths: ((states * _mask(states, lengths)).sum(1) / lengths[:, None]).numpy(),
        "these are the means of the states, expected those after the last words.",
    ),
    (
        lambda states, lengths: states[:, lengths.max() - 1].numpy(),
        "you take the longest text's last step for all: each has a length of its own.",
    ),
)


def _vectors_case(batch: int, steps: int, size: int, lengths: list[int], empty: bool = False) -> tuple[Tensor, Tensor]:
    vectors, lengths = _states_case(batch, steps, size, lengths)
    if empty:
        vectors[:, 0] = 0.0  # a word whose vector happens to be 0
    return vectors, lengths


VECTORS = (
    _vectors_case(3, 5, 2, [5, 2, 4]),
    _vectors_case(2, 4, 3, [4, 4]),
    _vectors_case(4, 4, 4, [1, 3, 2, 4]),
    _vectors_case(3, 6, 2, [3, 6, 2], empty=True),
    _vectors_case(1, 6, 2, [3]),
    _vectors_case(2, 5, 2, [3, 2]),
)


def check_mean(answer: object) -> None:
    right = [mean_vectors(*case).numpy() for case in VECTORS]
    results: list = []
    for case in VECTORS:
        shape = (len(case[0]), case[0].shape[2])
        results += call_cases(answer, [case], read=lambda result, shape=shape: _read_rows(result, shape))
        if not near(results, right[: len(results)], 1e-5):
            explain(results, VECTORS, WRONG_MEAN, 1e-5)
    if near(results, right, 1e-5):
        return
    lengths = VECTORS[first_wrong(results, right, 1e-5)][1].tolist()
    raise Mistake(f"for the lengths {lengths} your rows are not the means over the words of each text.")


def mean_vectors(vectors, lengths):
    is_word = torch.arange(vectors.shape[1]) < lengths[:, None]  # (B, T)
    return (vectors * is_word[:, :, None]).sum(1) / lengths[:, None]


WRONG_MEAN = (
    (
        lambda vectors, lengths: (vectors.sum(1) / lengths[:, None]).numpy(),
        "padding has a vector, too, and it is added here: only words may be.",
    ),
    (
        lambda vectors, lengths: vectors.mean(1).numpy(),
        "padding is added, and counted, as if it were a word.",
    ),
    (
        lambda vectors, lengths: (vectors * _mask(vectors, lengths)).mean(1).numpy(),
        "the right vectors are added, but padding is counted: divide by the lengths.",
    ),
    (
        lambda vectors, lengths: (vectors * _mask(vectors, lengths)).sum(1).numpy(),
        "these are sums: divide by the lengths.",
    ),
    (
        lambda vectors, lengths: (
            (vectors * (torch.arange(vectors.shape[1]) <= lengths[:, None])[:, :, None]).sum(1) / lengths[:, None]
        ).numpy(),
        "one place too many is added: n words stand at the places 0 to n - 1.",
    ),
    (
        lambda vectors, lengths: (
            (vectors * _mask(vectors, lengths)).sum(1)
            / (_mask(vectors, lengths) & (vectors != 0).any(2, keepdim=True)).sum(1)
        ).numpy(),
        "a word whose vector is 0 is still a word: count by the lengths.",
    ),
    (
        lambda vectors, lengths: vectors.masked_fill(~_mask(vectors, lengths), -torch.inf).amax(1).numpy(),
        "these are the largest values of the words, expected their mean.",
    ),
)


EXERCISES: dict[str, Exercise] = {
    "text.vocabulary": Exercise(
        check_vocabulary,
        "With two words for nothing and for anything, every text fits a table of a fixed size.",
        (
            "Count first: `Counter(word for sentence in sentences for word in sentence)`.",
            "`sorted(seen, key=lambda word: (-seen[word], word))` puts frequent words first, and ties by the alphabet.",
            "Put '<pad>' and '<unk>' before the first `most` of them, and `enumerate` the list.",
        ),
        number_words,
    ),
    "text.last_state": Exercise(
        check_last,
        "Each text is judged right after its last word, however much padding follows.",
        (
            "At which step stands the last of n words, if steps are counted from 0?",
            "Give two lists of indices at once: one of rows, one of steps.",
            "`states[torch.arange(len(states)), lengths - 1]`",
        ),
        last_states,
    ),
    "text.mean": Exercise(
        check_mean,
        "Now a text's mean no longer depends on which texts share its batch.",
        (
            "`nn.Embedding` has a row for number 0, as for all others. Where does it go?",
            "`torch.arange(T) < lengths[:, None]` tells for each place whether a word stands there.",
            "Multiply the vectors by that, with one more dimension, before the sum.",
        ),
        mean_vectors,
    ),
}
