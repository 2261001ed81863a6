"""Film reviews made by a grammar, in pairs: a good one, and its bad twin that differs in as little as can be."""

import random

from course._shapes import check_whole

GOOD = "bold brilliant clever fresh funny gripping honest lively moving rich sharp subtle tender vivid warm".split()
BAD = "bland clumsy cold dull flat forced grim hollow lazy loud messy shallow slow stale tedious".split()
SUBJECTS = ["the acting", "the dialogue", "the ending", "the film", "the music", "the plot", "the second half"]
ASIDES = [
    "as far as i can tell",
    "at least on a small screen",
    "if you ask me",
    "in spite of the rain that evening",
    "to my surprise",
    "when all is said",
]
PLAIN = [
    "i found {subject} {said}",
    "{aside} , {subject} is {said}",
    "{subject} is {said} , {aside}",
    "{subject} was {said}",
]
TURNED = [
    "{subject} could have been {other} but is {said}",
    "{subject} is {said} , not {other}",
    "{subject} was not {other} but {said}",
    "i expected {subject} to be {other} , and {aside} it was {said}",
]
HEARD = ["critics said", "friends insist", "posters promise"]  # what follows is hearsay
SEEN = ["i saw", "it turned out", "now i know"]  # and this is the judgement
FAR = "{cue} that {subject} is {word} from start to end"  # four words around {word} are the same in both
OTHER = [
    "it runs for {number} hours",
    "it was shot in a {place} by the sea",
    "my {relative} came along and fell asleep",
    "the {relative} of the director plays a part",
    "the seats were near the {place}",
    "there is a long scene in a {place}",
    "we saw it on a {day} evening",
]
FILLED = {
    "day": "friday monday saturday sunday thursday tuesday wednesday".split(),
    "number": "four three two".split(),
    "place": "forest garden harbour kitchen station street theatre".split(),
    "relative": "aunt brother neighbour sister teacher uncle".split(),
}
KINDS = ("plain", "turned", "far")


def write_reviews(pairs: int, seed: int, kind: str = "plain", before: int = 0, after: int = 0) -> list[tuple[str, int]]:
    """Return made reviews and their labels, 1 for good and 0 for bad: a good one and its bad twin in turn.

    kind: "plain": one word tells. "turned": twins have the same words, and neighbours tell. "far": twins have even the
    same five-word windows, and what tells stands five words or more before the word that it is about.
    before, after: up to so many sentences that say nothing stand before the judgement, and at least half as many to so
    many behind it.
    Raises: ValueError for another kind, or a count below 0 or that is no whole number.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    for name, count in (("pairs", pairs), ("before", before), ("after", after)):
        if check_whole(name, count, 2) < 0:
            raise ValueError(f"{name} is {count}, expected 0 or more: try 2")
    dice, rows = random.Random(seed), []
    for _ in range(pairs):
        head = [_other(dice) for _ in range(dice.randint(0, before))]
        twins = _twins(dice, kind)
        tail = [_other(dice) for _ in range(dice.randint((after + 1) // 2, after))]
        rows += [(" . ".join([*head, twin, *tail]) + " .", label) for twin, label in zip(twins, (1, 0))]
    return rows


def _twins(dice: random.Random, kind: str) -> tuple[str, str]:
    """Return a good judgement and a bad one."""
    words = {"subject": dice.choice(SUBJECTS), "aside": dice.choice(ASIDES)}
    good, bad = dice.choice(GOOD), dice.choice(BAD)
    if kind != "far":
        sentence = dice.choice(PLAIN if kind == "plain" else TURNED)
        return sentence.format(said=good, other=bad, **words), sentence.format(said=bad, other=good, **words)
    heard, seen = dice.choice(HEARD), dice.choice(SEEN)
    heard_first = dice.random() < 0.5
    told = []
    for true, untrue in ((good, bad), (bad, good)):
        clauses = [FAR.format(cue=heard, word=untrue, **words), FAR.format(cue=seen, word=true, **words)]
        first, second = clauses if heard_first else clauses[::-1]
        told.append(f"{first} . {second}")
    return told[0], told[1]


def _other(dice: random.Random) -> str:
    """Return a sentence that says nothing about the film."""
    return dice.choice(OTHER).format(**{name: dice.choice(words) for name, words in FILLED.items()})
