"""Answers to text.vocabulary, written from its text alone."""

from collections import Counter


def plain(sentences, most):
    counts = Counter()
    for sentence in sentences:
        counts.update(sentence)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    vocabulary = {"<pad>": 0, "<unk>": 1}
    for word, _ in ordered[:most]:
        vocabulary[word] = len(vocabulary)
    return vocabulary


def sorted_twice(sentences, most):
    words = [word for sentence in sentences for word in sentence]
    kinds = sorted(set(words))
    kinds.sort(key=words.count, reverse=True)
    return dict(zip(["<pad>", "<unk>"] + kinds[:most], range(most + 2)))


def most_common_of_sorted(sentences, most):
    counts = Counter(sorted(sum(sentences, [])))
    kept = [word for word, _ in counts.most_common(most)]
    return {word: i for i, word in enumerate(["<pad>", "<unk>"] + kept)}


def step_by_step(sentences, most):
    counts = {}
    for sentence in sentences:
        for word in sentence:
            counts[word] = counts.get(word, 0) + 1
    numbers = {"<pad>": 0, "<unk>": 1}
    while counts and len(numbers) < most + 2:
        best = min(counts, key=lambda word: (-counts[word], word))
        numbers[best] = len(numbers)
        del counts[best]
    return numbers


def ordered(sentences):
    counts = Counter(word for sentence in sentences for word in sentence)
    return sorted(counts, key=lambda word: (-counts[word], word))


def without_the_two(sentences, most):
    return {word: i for i, word in enumerate(ordered(sentences)[:most])}


def from_two(sentences, most):
    return {word: i + 2 for i, word in enumerate(ordered(sentences)[:most])}


def from_one(sentences, most):
    return {word: i + 1 for i, word in enumerate(ordered(sentences)[:most])}


def unknown_first(sentences, most):
    return {word: i for i, word in enumerate(["<unk>", "<pad>"] + ordered(sentences)[:most])}


def two_of_most(sentences, most):
    return {word: i for i, word in enumerate(["<pad>", "<unk>"] + ordered(sentences)[: max(0, most - 2)])}


def ties_as_they_came(sentences, most):
    counts = Counter(word for sentence in sentences for word in sentence)
    return {word: i for i, word in enumerate(["<pad>", "<unk>"] + [word for word, _ in counts.most_common(most)])}


def everything(sentences, most):
    return {word: i for i, word in enumerate(["<pad>", "<unk>"] + ordered(sentences))}


def by_the_alphabet(sentences, most):
    return {word: i for i, word in enumerate(["<pad>", "<unk>"] + sorted(ordered(sentences))[:most])}


def of_sentences(sentences, most):
    return {word: i for i, word in enumerate(["<pad>", "<unk>"] + ordered([set(s) for s in sentences])[:most])}


def words_by_number(sentences, most):
    return ["<pad>", "<unk>"] + ordered(sentences)[:most]


def nothing(sentences, most):
    plain(sentences, most)


RIGHT = [
    (plain, "a Counter that grows"),
    (sorted_twice, "sorted twice"),
    (most_common_of_sorted, "most_common of sorted words"),
    (step_by_step, "without a Counter"),
]
WRONG = [
    (without_the_two, "from 0", "begin with number 0"),
    (from_two, "from 2, without the two", "not in the vocabulary"),
    (from_one, "from 1", "begin with number 1"),
    (unknown_first, "changed places", "changed places"),
    (two_of_most, "the two count", "they come on top"),
    (ties_as_they_came, "ties as they came", "that of the alphabet"),
    (everything, "all words", "you number all words"),
    (by_the_alphabet, "by the alphabet", "first words of the alphabet"),
    (of_sentences, "counts sentences", "in how many sentences"),
    (words_by_number, "a list", "expected a dict"),
    (nothing, "returns nothing", "returns nothing"),
]
