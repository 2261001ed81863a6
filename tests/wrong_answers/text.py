from collections import Counter

import torch


def given_vocabulary(sentences, most): ...


def given_last(states, lengths):
    return states[:, -1]


def given_mean(vectors, lengths):
    return vectors.sum(1) / lengths[:, None]


def from_zero(sentences, most):
    seen = Counter(word for sentence in sentences for word in sentence)
    frequent = sorted(seen, key=lambda word: (-seen[word], word))[:most]
    return {word: number for number, word in enumerate(frequent)}


def as_they_came(sentences, most):
    seen = Counter(word for sentence in sentences for word in sentence)
    return {word: number for number, word in enumerate(["<pad>", "<unk>", *dict(seen.most_common(most))])}


def all_words(sentences, most):
    seen = Counter(word for sentence in sentences for word in sentence)
    frequent = sorted(seen, key=lambda word: (-seen[word], word))
    return {word: number for number, word in enumerate(["<pad>", "<unk>", *frequent])}


def a_list(sentences, most):
    return ["<pad>", "<unk>"] + sorted({word for sentence in sentences for word in sentence})


def too_late(states, lengths):
    return states[torch.arange(len(states)), lengths]


def of_all_lengths(states, lengths):
    return states[:, lengths - 1]


def too_early(states, lengths):
    return states[torch.arange(len(states)), lengths - 2]


def padding_counted(vectors, lengths):
    return vectors.mean(1)


def divided_by_all(vectors, lengths):
    is_word = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * is_word[:, :, None]).mean(1)


def one_too_many(vectors, lengths):
    is_word = torch.arange(vectors.shape[1]) <= lengths[:, None]
    return (vectors * is_word[:, :, None]).sum(1) / lengths[:, None]


def not_zero(vectors, lengths):
    is_word = (torch.arange(vectors.shape[1]) < lengths[:, None])[:, :, None]
    words = vectors * is_word
    return words.sum(1) / (words != 0).any(2).sum(1, keepdim=True)


UNTOUCHED = {"text.vocabulary": given_vocabulary, "text.last_state": given_last, "text.mean": given_mean}
WRONG = {
    "text.vocabulary": [
        (from_zero, "begin with number 0"),
        (as_they_came, "expected that of the alphabet"),
        (all_words, "you number all words"),
        (a_list, "expected a dict"),
    ],
    "text.last_state": [
        (given_last, "have read padding by then"),
        (too_late, "IndexError"),
        (of_all_lengths, "each length belongs to one row"),
        (too_early, "one step too early"),
    ],
    "text.mean": [
        (given_mean, "padding has a vector, too"),
        (padding_counted, "as if it were a word"),
        (divided_by_all, "divide by the lengths"),
        (one_too_many, "one place too many"),
        (not_zero, "is still a word"),
    ],
}
