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
