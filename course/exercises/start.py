"""The exercises of notebook 00_start."""

from collections.abc import Callable
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from course.exercises.exercise import Exercise, Mistake, call_cases, expect_like, explain, first_wrong, near


def _cases() -> list[tuple[Tensor, Tensor]]:
    """Logits (B, K) and classes (B,): 3 of 5 right, a single image, all right, all wrong, more classes than images."""
    generator = torch.Generator().manual_seed(0)
    few = [[9.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 5.0], [4.0, 1.0, 0.0], [0.0, 1.0, 2.0]]
    noise = torch.randn(40, 7, generator=generator)
    return [
        (torch.tensor(few), torch.tensor([0, 1, 2, 1, 1])),
        (torch.tensor([[-2.0, -1.0]]), torch.tensor([1])),
        (noise, noise.argmax(1)),
        (noise, (noise.argmax(1) + 1) % 7),
        (noise[:3] - 5, torch.tensor([int(noise[0].argmax()), 6, 6])),
        (noise, torch.where(torch.arange(40) < 13, noise.argmax(1), 0)),
    ]


def check_accuracy(answer: object) -> None:
    cases = _cases()
    values = call_cases(answer, cases, MISTAKES)
    for (_, y), value in zip(cases, values):
        if isinstance(value, (Tensor, np.ndarray)) and tuple(value.shape):
            raise Mistake(
                f"you return shape {tuple(value.shape)} for {len(y)} images, expected one number: their mean."
            )
        if isinstance(value, Tensor):
            raise Mistake("the result is still a tensor, expected a Python number: look for a tensor's item method.")
        if isinstance(value, bool) or not isinstance(value, Real):
            raise Mistake(f"you return a {type(value).__name__}, expected a Python number between 0 and 1.")
    right = [my_accuracy(*case) for case in cases]
    if near(values, right):
        return
    explain(values, cases, MISTAKES)
    if len(set(values)) == 1:
        raise Mistake(f"you return {values[0]:g} for all images: it has to be computed from logits and y.")
    place = first_wrong(values, right)
    images = len(cases[place][1])
    raise Mistake(
        f"of {images} images {round(right[place] * images)} are right, and you return {values[place]:.3f}: along "
        "which dimension do you take the argmax, and what do you divide by?"
    )


def my_accuracy(logits, y):
    right = logits.argmax(dim=1) == y
    return right.float().mean().item()


def _right(logits: Tensor, y: Tensor) -> int:
    return int((logits.argmax(1) == y).sum())


MISTAKES = (
    (_right, "that is how many are right, expected the fraction of them, between 0 and 1: is it a count?"),
    (lambda x, y: 100 * my_accuracy(x, y), "you return a percentage, expected a fraction between 0 and 1: 60 is 0.6."),
    (lambda x, y: 1 - my_accuracy(x, y), "you return the fraction that is wrong, expected the fraction that is right."),
    (
        lambda x, y: (x.max(1).values == y).float().mean(),
        "nothing counts as right: do you compare the largest logit, and not its place, with y?",
    ),
    (
        lambda x, y: (x.argmax() == y).float().mean(),
        "all images get the same answer: argmax looks at the whole table, if not told the dimension.",
    ),
    (lambda x, y: _right(x, y) / x.shape[1], "you divide by the number of classes, expected that of the images."),
    (lambda x, y: _right(x, y) / x.numel(), "you divide by the number of logits, expected that of the images."),
    (lambda x, y: _right(x, y) / 5, "you divide by 5 whatever comes: how many images are there?"),
    (lambda x, y: (x.argmin(1) == y).float().mean(), "your answer is the class with the smallest logit."),
)


def check_centre(answer: object) -> None:
    cases = [(picture,) for picture in _pages()]
    right = [centre(*case) for case in cases]
    results = [_bytes(result) for result in call_cases(answer, cases, MOVES, right=right)]
    for (picture,), result in zip(cases, results):
        expect_like("the result", result, picture)
    if near(results, right, 0):
        return
    explain(results, cases, MOVES, 0)
    place = first_wrong(results, right, 0)
    (picture,), moved = cases[place], results[place]
    if not near(moved.flatten().sort().values, picture.flatten().sort().values, 0):
        raise Mistake("some ink was lost or changed on the way, expected the same pixels at other places.")
    row, column = (round(value, 2) for value in _centre_of_mass(moved))
    raise Mistake(
        f"the centre of mass lies at row {row} and column {column} after the move, expected within half a pixel of 14."
    )


def _bytes(value: object) -> object:
    """A NumPy array as a tensor, so that either may be returned."""
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _pages() -> list[Tensor]:
    """Pictures (28, 28): blots of uneven ink, at the upper right and the lower left, a single faint pixel, no ink.

    No centre of mass lies between two pixels, and no ink leaves the page, whichever way it is moved.
    """
    rows, columns = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    high, low = (rows >= 4) & (rows - 4 <= columns - 15), (rows >= 15) & (rows - 15 <= 17 - columns)
    wedge = torch.where(high & (columns < 25), 20 * (rows - 3) + 3 * columns, 0)
    tail = torch.where(low & (columns >= 5) & (rows < 22), 8 + 17 * (17 - columns), 0)
    pages = [page.clamp(max=255).to(torch.uint8) for page in (wedge, tail, 0 * rows, 0 * rows)]
    pages[2][9, 17] = 1
    return pages


def _centre_of_mass(picture: Tensor) -> tuple[float, float]:
    ink, places = picture.double(), torch.arange(28)
    return tuple(float((ink.sum(dim) * places).sum() / ink.sum()) for dim in (1, 0))


def centre(picture):
    ink = picture.double()
    total = ink.sum()
    if total == 0:
        return picture
    places = torch.arange(28)
    row = (ink.sum(dim=1) * places).sum() / total
    column = (ink.sum(dim=0) * places).sum() / total
    down, right = 14 - round(row.item()), 14 - round(column.item())
    return torch.roll(picture, (down, right), dims=(0, 1))


def _move(rule: Callable[[float, float], tuple[float, float]], at: Callable = _centre_of_mass) -> Callable:
    """A wrong move, as a function of the picture: rule gives the pixels down and right, from where the centre lies."""

    def move(picture: Tensor) -> Tensor:
        down, right = rule(*at(picture)) if picture.any() else (0, 0)
        return torch.roll(picture, (round(down), round(right)), (0, 1))

    return move


def _flat(picture: Tensor) -> Tensor:
    row, column = _centre_of_mass(picture) if picture.any() else (14, 14)
    return picture.roll(14 - round(row)).roll(14 - round(column))


def _of_box(picture: Tensor) -> tuple[float, float]:
    return tuple(float(lines.min() + lines.max()) / 2 for lines in picture.nonzero().T)


def _of_pixels(picture: Tensor) -> tuple[float, float]:
    return tuple(picture.nonzero().double().mean(0).tolist())


def _of_byte_products(picture: Tensor) -> tuple[float, float]:
    places = torch.arange(28, dtype=torch.uint8)
    return tuple(float((picture * lines).sum() / picture.sum()) for lines in (places[:, None], places))


BOX = "you put the middle of the box around the ink there, expected its centre of mass: each row weighted by its ink."
MOVES = (
    (lambda picture: picture, "the picture comes back as it was."),
    (_move(lambda row, column: (14 - column, 14 - row)), "rows and columns are swapped: which sum goes with which?"),
    (_move(lambda row, column: (row - 14, column - 14)), "it moves the wrong way: ink in row 20 has to go up by 6."),
    (
        _move(lambda row, column: (14 - int(row), 14 - int(column))),
        "you cut the fractions off, expected a move to the nearest pixel: round.",
    ),
    (
        _move(lambda row, column: (13 - round(row), 13 - round(column))),
        "the centre lies at row 13 and column 13 after the move, expected 14: count from 0.",
    ),
    (_move(lambda row, column: (14 - row, 0)), "rows are right, and the columns stay where they were."),
    (_move(lambda row, column: (0, 14 - column)), "columns are right, and the rows stay where they were."),
    (_flat, "roll without dims moves along the flat block of all pixels: name the dimension."),
    (_move(lambda row, column: (14 - row, 14 - column), _of_box), BOX),
    (_move(lambda row, column: (14 - int(row + 0.5), 14 - int(column + 0.5)), _of_box), BOX),
    (_move(lambda row, column: (int(14 - row), int(14 - column)), _of_box), BOX),
    (
        _move(lambda row, column: (14 - row, 14 - column), _of_pixels),
        "faint ink counts as much as black: weight each row by how much ink it has.",
    ),
    (
        _move(lambda row, column: (14 - row, 14 - column), _of_byte_products),
        "bytes times bytes are bytes, which count modulo 256: make the picture .double() first.",
    ),
)


def check_surest(answer: object) -> None:
    cases = _scores()
    results = [_as_list(result) for result in call_cases(answer, cases)]
    right = [surest_mistakes(*case).tolist() for case in cases]
    if results == right:
        return
    for wrong, message in CHOICES:
        if results == [wrong(*case) for case in cases]:
            raise Mistake(message)
    place = next(place for place in range(len(cases)) if results[place] != right[place])
    logits, y, count = cases[place]
    correct = [image for image in results[place] if 0 <= image < len(y) and logits[image].argmax() == y[image]]
    if correct:
        raise Mistake(f"{len(correct)} of the {len(results[place])} images were read correctly, as image {correct[0]}.")
    raise Mistake(
        f"of {len(y)} images, {int((logits.argmax(1) != y).sum())} of them misread, you return {results[place]} for "
        f"count = {count}, expected {right[place]}."
    )


def _as_list(value: object) -> list[int]:
    """Places as a list, be they in a tensor, an array, a list or a tuple."""
    if not isinstance(value, (Tensor, np.ndarray, list, tuple)):
        raise Mistake(f"you return a {type(value).__name__}, expected places, as a tensor.")
    if isinstance(value, (list, tuple)):
        value = [part.item() if isinstance(part, Tensor) and part.numel() == 1 else part for part in value]
    array = value.cpu().numpy() if isinstance(value, Tensor) else np.array(value, dtype=None if len(value) else int)
    if array.ndim != 1:
        raise Mistake(f"the result has shape {array.shape}, expected one place for each mistake: one dimension.")
    if array.size and array.dtype.kind not in "iu":
        raise Mistake("what you return are no places, expected whole numbers: rows of logits.")
    return [int(part) for part in array]


def _scores() -> list[tuple[Tensor, Tensor, int]]:
    """Logits (B, K), classes (B,) and a count: many mistakes, fewer than asked for, none, and none asked for."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(30, 5, generator=generator)
    noise *= torch.linspace(3, 0.5, 30)[:, None]
    noise += 2 * torch.randn(30, 1, generator=generator)
    y = torch.where(torch.arange(30) % 3 == 1, (noise.argmax(1) + 1) % 5, noise.argmax(1))
    return [(noise, y, 3), (noise, y, 6), (noise[6:13], y[6:13], 9), (noise, noise.argmax(1), 2), (noise, y, 0)]


def surest_mistakes(logits, y, count):
    confidence, answers = logits.softmax(dim=1).max(dim=1)
    wrong = (answers != y).nonzero().flatten()
    order = confidence[wrong].argsort(descending=True)
    return wrong[order[:count]]


def _sorted_by(key: Tensor, chosen: Tensor, count: int) -> list[int]:
    places = chosen.nonzero().flatten()
    return places[key[places].argsort(descending=True)][:count].tolist()


def _choice(rule: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]], all_: bool = False) -> Callable:
    """A wrong choice: rule gives a key to sort by, and which images are meant, from logits, confidence and wrong."""

    def choose(logits: Tensor, y: Tensor, count: int) -> list[int]:
        confidence, answers = logits.softmax(1).max(1)
        return _sorted_by(*rule(logits, confidence, answers != y), len(y) if all_ else count)

    return choose


CHOICES = (
    (
        lambda x, y, count: x.softmax(1).max(1).values[x.argmax(1) != y].argsort(descending=True)[:count].tolist(),
        "these are places among the wrong answers, expected among all images: the third wrong one is not image 2.",
    ),
    (_choice(lambda x, p, wrong: (-p, wrong)), "these are mistakes, but the least sure first."),
    (_choice(lambda x, p, wrong: (-torch.arange(len(p)), wrong)), "these are mistakes, in the order of the images."),
    (_choice(lambda x, p, wrong: (p, ~wrong)), "these images were read correctly: look at the comparison with y."),
    (_choice(lambda x, p, wrong: (p, wrong | True)), "these are the surest of all: most of them were read correctly."),
    (
        _choice(lambda x, p, wrong: (x.max(1).values, wrong)),
        "you sort by the largest logit, which is no confidence: it depends on the other logits of its row, too.",
    ),
    (
        _choice(lambda x, p, wrong: (p, wrong), all_=True),
        "you return all mistakes, for whatever count: expected 3 of them for count = 3.",
    ),
    (
        lambda x, y, count: x.argmax(1)[surest_mistakes(x, y, count)].tolist(),
        "you return the classes that were answered, expected where: the rows of logits.",
    ),
)


EXERCISES: dict[str, Exercise] = {
    "start.accuracy": Exercise(
        check_accuracy,
        "Every accuracy of this course is computed like that.",
        (
            "the answer to an image is the place of its largest logit: argmax (not max), along the right dimension.",
            "compare the answers with y: that gives True and False; made .float(), their mean is the fraction.",
            "logits.argmax(dim=1) == y, then .float().mean().item().",
        ),
        my_accuracy,
    ),
    "start.centre": Exercise(
        check_centre,
        "MNIST's makers did the same, after scaling, with all 70,000 images.",
        (
            "how much ink has each row? picture.sum(dim=1) says it. The centre's row is the mean of 0 to 27 with these "
            "weights.",
            "(ink.sum(dim=1) * torch.arange(28)).sum() / ink.sum() is the row, once ink is picture.double(). How far "
            "is it to 14?",
            "torch.roll(picture, (14 - round(row.item()), 14 - round(column.item())), dims=(0, 1)), unless there is "
            "no ink.",
        ),
        centre,
    ),
    "start.surest": Exercise(
        check_surest,
        "Whoever sorts a part of something has to lead the places back to the whole.",
        (
            "which values does order hold, if three images of a thousand are misread?",
            "order counts among the wrong answers, from 0. Which tensor knows where these stand among all images?",
            "wrong[order[:count]].",
        ),
        surest_mistakes,
    ),
}
