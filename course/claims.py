"""The claims that the course puts to the test, the line in which a notebook judges one, and the bands it must keep."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from course._measured import FIGURE, last_place, number
from course._streams import say

VERDICT = re.compile(r"^(c\d+) · (.+?) · (holds|false|holds only when .+?) · (.+)$", re.MULTILINE)
BANDS = Path(__file__).with_suffix(".json")  # written by `python3 run.py claims`
TIMED = ("c12", "c13")  # their figures are times: those of another machine are others
SLACK = 0.02  # of the median: another machine may differ by so much even where all seeds agree

CLAIMS = {
    "c1": "ReLU is the best activation",
    "c2": "Adam trains better than SGD",
    "c3": "a wrong learning rate alone turns a correct network into garbage",
    "c4": "LeakyReLU instead of ReLU, and a GPU, lift MNIST from 83 % to 94 %",
    "c5": "ten epochs of plain SGD climb from 62 % to 94 % on MNIST",
    "c6": "full-batch descent is the fastest, because it follows the global gradient",
    "c7": "training on 1,000 examples first is a good start for all of them",
    "c8": "the batch size cannot matter to the optimum, only to speed",
    "c9": "a network with a hand-written backward pass cannot converge",
    "c10": "memory stops growing while predicting, never while training",
    "c11": "memory depends on batch size and parameters only, not on the data set",
    "c12": "one process a file reads 5.2 times faster, and threads do not help",
    "c13": "a static graph doubles the speed",
    "c14": "ReLU converges about 6 times faster than sigmoid or tanh",
    "c15": "squared error with sigmoid learns slower than cross-entropy with sigmoid",
    "c16": "batch norm makes initialisation unimportant and allows larger learning rates",
    "c17": "argmax of softmax equals argmax of logits",
    "c18": "from_numpy shares memory both ways",
    "c19": "L2 prefers even weights, L1 sparse ones",
    "c20": "the first layers extract features, the last ones fit the function",
}


def verdict(claim: str, judgement: str, because: str, data: str | None = None) -> None:
    """Print the verdict on a claim: `c3 · the claim · holds · the evidence`.

    judgement: "holds", "false", or "holds only when" followed by the condition.
    because: the evidence in a clause; measured figures in it carry their ≈.
    data: the name of the data set behind the figures ("any": they need none). If bands are recorded for it, each
    figure must lie in its own, times excepted, unless COURSE_BANDS is off in the environment.
    Raises: ValueError for an unknown claim or judgement, and for a figure out of its band.
    """
    if claim not in CLAIMS:
        raise ValueError(f"claim is {claim!r}, expected one of {', '.join(CLAIMS)}")
    if judgement not in ("holds", "false") and not judgement.startswith("holds only when "):
        raise ValueError(f"judgement is {judgement!r}, expected 'holds', 'false' or 'holds only when …'")
    say(f"{claim} · {CLAIMS[claim]} · {judgement} · {because}")
    if os.environ.get("COURSE_BANDS") != "off":  # as when the bands themselves are measured
        for sentence in out_of_band(claim, because, data):
            raise ValueError(sentence)


def out_of_band(claim: str, because: str, data: str | None) -> Iterator[str]:
    """Yield a sentence for each measured figure in the evidence that lies out of its band."""
    record = None if claim in TIMED else read_bands().get(claim, {}).get("measured", {}).get(data)
    for text, measured in zip(FIGURE.findall(because), record["figures"] if record else [], strict=False):
        low, high = band(*measured)
        if not low <= number(text) <= high:
            yield (
                f"{claim} gives ≈ {text}, expected {low:.3g} to {high:.3g}, since {record['seeds']} seeds gave "
                f"{measured[1]} to {measured[2]}: undo what you have changed above, or say why it moved"
            )


def band(median: str, low: str, high: str) -> tuple[float, float]:
    """Return where a figure must lie: the range that was measured, widened on both sides by its own width.

    At least it is widened by a small part of the median and by one in the last place that is printed.
    """
    wide = max(number(high) - number(low), SLACK * abs(number(median)), *map(last_place, (median, low, high)))
    return number(low) - wide, number(high) + wide


def read_bands() -> dict[str, dict]:
    """Return what `python3 run.py claims` has measured, by claim; nothing where there is no such file."""
    return read_record(BANDS) if BANDS else {}


def read_record(path: Path) -> dict[str, dict]:
    """Return the JSON object in a file, {} if there is none. Raises: ValueError if it holds anything else."""
    try:
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        reason = f"it holds a {type(record).__name__}"
    except ValueError as error:
        record, reason = None, error
    if not isinstance(record, dict):
        raise ValueError(f'{path} is no record ({reason}): move it away, then git checkout HEAD -- "{path}"')
    return record
