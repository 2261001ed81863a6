"""The claims that the course puts to the test, what a notebook expects, and the line in which it judges a claim."""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from string import Formatter
from typing import Any

from course._streams import say
from course.claims.bands import out_of_band
from course.claims.evidence import Evidence

ENOUGH = 5  # independent runs on which a verdict may rest
CURRENCIES = ("examples", "steps", "seconds")
TIED = "not distinguishable here"

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
    "c20": "the first layers of a network extract features",
    "c21": "ResNet follows VGG, makes it deeper and solves the vanishing gradient",
    "c22": "DenseNet improves ResNet by concatenation",
    "c23": "SqueezeNet is tiny and efficient",
    "c24": "a convnet can do without its fully connected layers (NiN)",
    "c25": "with batch norm, Xavier or He does not matter",
    "c26": "Winograd's convolution is theoretically 2.25 times as fast",
    "c27": "a convolution's output has the size (N − F)/stride + 1, and zero padding keeps it",
    "c28": "the stride of max pooling is 2 by default",
    "c29": "transposed convolution is convolution, by the transposed matrix",
    "c30": "saliency maps segment without supervision",
    "c31": "L2 (weight decay) is a Gaussian prior on the weights",
    "c32": "the variational bound approximates the evidence from below",
    "c33": "loss that does not fall means that the network cannot learn",
    "c35": "a ConvLSTM beats optical flow",
    "c36": "the last layers of a network fit the function",
}


def expect(sentence: str, so: Any, but: Any = None) -> None:
    """Print `✓ sentence` if it is so, else stop here.

    sentence: what is expected, in words. so: whether it is. but: what is so instead, to be told if it is not.
    Raises: AssertionError if it is not so; ValueError if that cannot be said, as of a tensor with several elements.
    """
    try:
        holds = bool(so)
    except (RuntimeError, ValueError, TypeError):
        raise ValueError(f"{so!r} is neither true nor false, expected one of them: try .all()") from None
    if not holds:
        instead = "this is not so here" if but is None else f"here it is {but}"
        raise AssertionError(f"expected that {sentence}, but {instead}: undo what you have changed above")
    say(f"✓ {sentence}")


@dataclass(frozen=True)
class Judged:
    """A claim, and how it was judged; the arguments are those of `verdict`."""

    claim: str
    judgement: str
    because: str
    data: str
    currency: str | None
    figures: dict[str, Evidence]

    def evidence(self) -> str:
        """Return the evidence in words, with its figures."""
        alike = "times are those of one machine" if self.currency == "seconds" else f"at equal {self.currency}"
        return self.because.format(**self.figures) + (f"; {alike}" if self.currency else "")

    def contradictions(self) -> Iterator[str]:
        """Yield a sentence if paired figures of enough runs of the notebook say something else than the judgement."""
        pairs = [figure for figure in self.figures.values() if figure.kind == "paired" and figure.groups >= ENOUGH]
        ties = [figure for figure in pairs if figure.is_tie()]
        if ties and self.judgement in ("holds", "false"):
            yield f"{self.claim} is judged {self.judgement!r}, but {ties[0]} is a tie: judge {TIED!r}"
        if pairs and not ties and self.judgement == TIED:
            yield f"{self.claim} is judged {TIED!r}, but {pairs[0]} is no tie: judge 'holds' or 'false'"

    def strays(self) -> Iterator[str]:
        """Yield a sentence for each figure out of its band; times are those of a machine, and have none."""
        if self.currency != "seconds":
            yield from out_of_band(self.claim, self.figures, self.data)


def verdict(
    claim: str, judgement: str, because: str, data: str = "any", currency: str | None = None, **figures: Evidence
) -> None:
    """Print the verdict on a claim, `c3 · the claim · holds · the evidence`, and note the runs behind it.

    judgement: "holds", "false", "not distinguishable here", or "holds only when" followed by the condition.
    because: the evidence in a clause, the name of each figure in braces: "ReLU reaches {relu}, tanh {tanh}".
    data: the name of the data set behind the figures ("any": they need none).
    currency: what both sides had as much of: "examples", "steps" or "seconds".
    If bands are recorded for these data, each measured figure must lie in its own, unless COURSE_BANDS is off in the
    environment; figures at equal seconds are those of a machine, and have none.
    Raises: ValueError for an unknown claim, judgement or currency, for a figure that is missing or left over, for
    one that contradicts the judgement, and for one out of its band.
    """
    if claim not in CLAIMS:
        raise ValueError(f"claim is {claim!r}, expected one of {', '.join(CLAIMS)}")
    if judgement not in ("holds", "false", TIED) and not judgement.startswith("holds only when "):
        raise ValueError(f"judgement is {judgement!r}, expected 'holds', 'false', {TIED!r} or 'holds only when …'")
    if currency not in (None, *CURRENCIES):
        raise ValueError(f"currency is {currency!r}, expected one of {', '.join(CURRENCIES)}, or None")
    named = {name for _, name, _, _ in Formatter().parse(because) if name is not None}
    if odd := named ^ figures.keys():
        raise ValueError(f"{min(odd)!r} is not both in the words of the evidence, in braces, and a figure: give both")
    judged = Judged(claim, judgement, because, data, currency, figures)
    line = f"{claim} · {CLAIMS[claim]} · {judgement} · {judged.evidence()}"
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        from IPython.display import display

        display({"text/plain": line}, metadata={"verdict": asdict(judged)}, raw=True)
    else:
        say(line)
    if os.environ.get("COURSE_BANDS") != "off":  # as when the bands themselves are measured
        for sentence in (*judged.contradictions(), *judged.strays()):
            raise ValueError(sentence)


def recorded(claim: str, record: dict[str, Any], data: str) -> Judged:
    """Return a verdict of bands.json, with the runs of all seeds on these data."""
    words = {key: record[key] for key in ("judgement", "because", "currency")}
    return read_judged({"claim": claim, **words, "data": data, "figures": record["measured"][data]["figures"]})


def read_judged(record: dict[str, Any]) -> Judged:
    """Return what `verdict` noted in the metadata of its output."""
    figures = {}
    for name, figure in record["figures"].items():
        # A kernel writes nan as a text.
        runs = tuple(float(run) if isinstance(run, str) else run for run in figure["runs"])
        figures[name] = Evidence(**{**figure, "runs": runs})
    return Judged(**{**record, "figures": figures})
