"""Words of a text, the vocabulary that numbers them, and texts as padded rows of numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from course._shapes import check_whole

PAD, UNKNOWN = "<pad>", "<unk>"  # the first two words of each vocabulary, numbers 0 and 1
TAG = re.compile(r"<[^<>]*>")  # as <br /> in reviews
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[.,;:!?()]")  # of any alphabet; don't; 1984; a full stop


def split_words(text: str) -> list[str]:
    """Return the words of a text and its marks of punctuation, in lower case, without HTML tags.

    Raises: ValueError if this is no text, as bytes are.
    """
    if not isinstance(text, str):
        mend = 'try text.decode("utf-8")' if isinstance(text, bytes) else "try str(text)"
        raise ValueError(f"text is of type {type(text).__name__}, expected str: {mend}")
    return WORD.findall(TAG.sub(" ", unicodedata.normalize("NFC", text).lower()))


def count_words(texts: Iterable[str], most: int = 10_000, least: int = 1) -> dict[str, int]:
    """Return the vocabulary: the number of each word, 0 for padding, 1 for all unknown words, the rest by frequency.

    most: how many words get a number of their own. least: how often such a word is seen.
    Words that are as frequent stand in the order of the alphabet, so that the order of the texts does not matter.
    Raises: ValueError if `texts` is one text, or `most` or `least` is no whole number.
    """
    most, least = check_whole("most", most, 10_000), check_whole("least", least, 1)
    seen = Counter(word for text in _as_list(texts) for word in split_words(text))
    frequent = sorted((word for word in seen if seen[word] >= least), key=lambda word: (-seen[word], word))
    return {word: number for number, word in enumerate([PAD, UNKNOWN, *frequent[: max(0, most)]])}


def encode(texts: Iterable[str], vocabulary: Mapping[str, int], longest: int | None = None) -> tuple[Tensor, Tensor]:
    """Return the numbers of the words, padded behind with 0 to the length of the longest text, and the lengths.

    longest: of longer texts only so many words count, the first ones. A text without words is read as one unknown
    word, so that every row has a last word; without any text there are no rows.
    Shapes: numbers (N, T), lengths (N,), both int64.
    Raises: ValueError if `texts` is one text, `longest` is no whole number from 1, or the vocabulary has no number for
        padding and unknown words.
    """
    if longest is not None and check_whole("longest", longest, 20) < 1:
        raise ValueError(f"longest is {longest}, expected 1 or more: try 20, or None for all words")
    if (vocabulary.get(PAD), vocabulary.get(UNKNOWN)) != (0, 1):
        raise ValueError(
            f"vocabulary has no {PAD!r} as number 0 and {UNKNOWN!r} as number 1: make it by count_words(texts)"
        )
    rows = []
    for text in _as_list(texts):
        rows.append([vocabulary.get(word, 1) for word in split_words(text)[:longest]] or [1])
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.int64)
    numbers = torch.zeros(len(rows), max(map(len, rows), default=0), dtype=torch.int64)
    for place, row in enumerate(rows):
        numbers[place, : len(row)] = torch.tensor(row)
    return numbers, lengths


def _as_list(texts: Iterable[str]) -> list[str]:
    """Return the texts. Raises: ValueError if it is a single one, whose letters would be taken for texts."""
    if isinstance(texts, (str, bytes)):
        raise ValueError("texts is one text, expected a list of them: try [text]")
    return list(texts)
