"""Text as numbers: words, a vocabulary, padded batches; reviews made by a grammar, and real ones by path."""

from course.text.folder import load_reviews
from course.text.grammar import write_reviews
from course.text.words import count_words, encode, split_words

__all__ = ["count_words", "encode", "load_reviews", "split_words", "write_reviews"]
