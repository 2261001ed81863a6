"""The room for text: words, vocabulary, padded rows, reviews made by a grammar, and real ones by path."""

from collections import Counter

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from course import _places
from course.text import count_words, encode, load_reviews, split_words, write_reviews


def windows(text, size):
    """Count the windows of so many words, over the ends as a convolution with padding sees them."""
    words = ["<pad>"] * (size // 2) + split_words(text) + ["<pad>"] * (size // 2)
    return Counter(tuple(words[place : place + size]) for place in range(len(words) - size + 1))


def test_words_are_split_from_punctuation_and_tags():
    assert split_words("Don't!<br />It's 1984, <i>really</i>.") == ["don't", "!", "it's", "1984", ",", "really", "."]
    assert split_words(" \n\t") == split_words("") == split_words("<br />") == []


def test_words_of_other_alphabets_are_words_and_one_letter_is_one_letter():
    assert split_words("Привет, café") == ["привет", ",", "café"]
    assert split_words("cafe\u0301") == split_words("caf\u00e9")  # two ways to write the same letter


def test_a_text_that_is_none_is_named():
    with pytest.raises(ValueError, match=r'text is of type bytes, expected str: try text.decode\("utf-8"\)'):
        split_words(b"a film")
    with pytest.raises(ValueError, match="text is of type NoneType, expected str"):
        split_words(None)


def test_the_most_frequent_words_come_first_and_ties_by_the_alphabet():
    vocabulary = count_words(["b b a c", "c d"], most=3)
    assert vocabulary == {"<pad>": 0, "<unk>": 1, "b": 2, "c": 3, "a": 4}
    assert count_words(["c d", "b b a c"], most=3) == vocabulary
    assert list(count_words(["b b a c"], least=2)) == ["<pad>", "<unk>", "b"]
    assert count_words([]) == {"<pad>": 0, "<unk>": 1}


def test_texts_become_padded_rows_and_lengths():
    numbers, lengths = encode(["a b a", "b zebra", "", "a"], {"<pad>": 0, "<unk>": 1, "a": 2, "b": 3})
    assert numbers.tolist() == [[2, 3, 2], [3, 1, 0], [1, 0, 0], [2, 0, 0]]  # no word: one unknown word
    assert lengths.tolist() == [3, 2, 1, 1]
    assert numbers.dtype == lengths.dtype == torch.int64
    numbers, lengths = encode(["a b a", "b"], {"<pad>": 0, "<unk>": 1, "a": 2, "b": 3}, longest=2)
    assert numbers.tolist() == [[2, 3], [3, 0]] and lengths.tolist() == [2, 1]


def test_a_batch_of_empty_sentences_can_be_read_by_a_network_and_none_at_all_has_no_rows():
    numbers, lengths = encode(["", " ", "<br />"], count_words([]))
    reader, table = nn.LSTM(4, 3, batch_first=True), nn.Embedding(2, 4)
    packed = pack_padded_sequence(table(numbers), lengths, batch_first=True, enforce_sorted=False)
    states, (last, _) = reader(packed)
    assert last.shape == (1, 3, 3) and last.isfinite().all()
    numbers, lengths = encode([], count_words([]))
    assert numbers.shape == (0, 0) and lengths.shape == (0,)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("one text", {"<pad>": 0, "<unk>": 1}), "texts is one text, expected a list of them"),
        ((["a"], {"a": 0}), "vocabulary has no '<pad>' as number 0"),
        ((["a"], {"<pad>": 0, "<unk>": 1}, 0), "longest is 0, expected 1 or more"),
        ((["a"], {"<pad>": 0, "<unk>": 1}, 2.5), "longest is 2.5, expected a whole number"),
    ],
)
def test_what_cannot_be_encoded_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        encode(*arguments)


def test_what_cannot_be_counted_is_named():
    with pytest.raises(ValueError, match="texts is one text"):
        count_words("one text")
    with pytest.raises(ValueError, match="most is '5'"):
        count_words(["a"], most="5")


@pytest.mark.parametrize("kind, size", [("turned", 1), ("far", 1), ("far", 2), ("far", 5)])
def test_twins_have_the_same_windows_of_words(kind, size):
    rows = write_reviews(300, 0, kind, before=2, after=2)
    assert [label for _, label in rows] == [1, 0] * 300
    for (good, _), (bad, _) in zip(rows[::2], rows[1::2]):
        assert good != bad
        assert windows(good, size) == windows(bad, size)


@pytest.mark.parametrize("kind, size", [("plain", 1), ("turned", 3), ("far", 15)])
def test_twins_differ_in_larger_windows(kind, size):
    rows = write_reviews(50, 0, kind)
    assert all(windows(good, size) != windows(bad, size) for (good, _), (bad, _) in zip(rows[::2], rows[1::2]))


def test_reviews_depend_on_their_seed_alone_and_sentences_stand_around_them():
    assert write_reviews(20, 3, "far") == write_reviews(20, 3, "far") != write_reviews(20, 4, "far")
    stops = [split_words(text).count(".") for text, _ in write_reviews(200, 0, before=3, after=4)]
    assert min(stops) == 3 and max(stops) == 8  # the judgement, 0 to 3 before, 2 to 4 behind
    assert write_reviews(0, 0) == []


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((3, 0, "near"), "kind is 'near', expected one of plain, turned, far"),
        ((-1, 0), "pairs is -1, expected 0 or more"),
        ((3, 0, "plain", 0.5), "before is 0.5, expected a whole number"),
        ((3, 0, "plain", 0, -2), "after is -2, expected 0 or more"),
    ],
)
def test_what_cannot_be_written_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        write_reviews(*arguments)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_REVIEWS", raising=False)
    root = tmp_path / "aclImdb"
    for part in ("train", "test"):
        for kind, text in (("pos", "A fine film.<br />"), ("neg", "A poor film.")):
            (root / part / kind).mkdir(parents=True)
            for number in range(11):
                (root / part / kind / f"{number}_{number % 10}.txt").write_text(f"{text} {number}", encoding="utf-8")
    return root


def test_real_reviews_come_by_number_with_their_labels(folder, monkeypatch):
    rows = load_reviews("train", folder)
    assert [label for _, label in rows] == [0] * 11 + [1] * 11
    assert [text.split()[-1] for text, _ in rows] == [str(number) for number in range(11)] * 2
    monkeypatch.setenv("COURSE_REVIEWS", str(folder))
    assert load_reviews() == rows and len(load_reviews("test")) == 22


def test_without_a_folder_there_are_no_real_reviews(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_REVIEWS", raising=False)
    monkeypatch.setattr(_places, "DATA", tmp_path)
    assert load_reviews() == []
    monkeypatch.setenv("COURSE_REVIEWS", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere is no folder, expected one that holds train/pos"):
        load_reviews()


def test_a_half_copied_folder_is_named(folder):
    (folder / "train" / "pos" / "10_0.txt").unlink()
    with pytest.raises(ValueError, match="holds 11 bad and 10 good reviews, expected as many: copy the folder anew"):
        load_reviews("train", folder)
    (folder / "train" / "pos" / "3_3.txt").unlink()
    with pytest.raises(ValueError, match="lacks 1 of 10 reviews, the first is number 3"):
        load_reviews("train", folder)
    for path in (folder / "train" / "pos").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="holds no review, expected files such as 0_9.txt"):
        load_reviews("train", folder)
    (folder / "train" / "pos").rmdir()
    with pytest.raises(ValueError, match="holds no review, expected files such as 0_9.txt"):
        load_reviews("train", folder)


def test_a_broken_review_is_named(folder):
    path = folder / "test" / "neg" / "4_4.txt"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="4_4.txt is empty, expected a review"):
        load_reviews("test", folder)
    path.write_bytes("un café".encode("cp1252"))
    with pytest.raises(ValueError, match=r"4_4.txt is not in UTF-8 \(byte 6 is 0xe9\)"):
        load_reviews("test", folder)
    path.write_bytes("\ufeffun café".encode())  # a byte order mark is no letter
    assert load_reviews("test", folder)[4] == ("un café", 0)
    with pytest.raises(ValueError, match="part is 'dev', expected 'train' or 'test'"):
        load_reviews("dev", folder)
