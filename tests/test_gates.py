"""Every gate catches its fault, on notebooks made here; figures and rules also in a real nbval run."""

import copy
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import gates
from course.upkeep.figures import compare_figures
from course.upkeep.notebooks import write

pytest_plugins = ["pytester"]

SANITIZE = Path(__file__).parent / "sanitize.cfg"
OPENING = "**You will** do it.\n\n**Afterwards you can**\n\n- do it.\n\n**You need** ≈ 1.7 minutes."
TAKEAWAYS = "## Takeaways\n\n- one\n- two\n- three\n\n"
CARD = "## On one card\n\n| you want | write |\n|---|---|\n| one | `1` |\n\n"
CLOSING = (
    f"{TAKEAWAYS}{CARD}## Exercises\n\n### 00.one\n\nTry 0.77 and 12 %.\n\n"
    "## References\n\n- A paper, 99.9 % good.\n\n## Next\n\nMore."
)


def drawn(*ys, label="loss", tolerance=0.05, **others):
    """The metadata of a figure with one line in it, its y axis from 0 to 2."""
    axes = {
        "title": "Does it fall?",
        "series": [{"label": label, "x": list(range(len(ys))), "y": list(ys)}],
        "images": [],
        "bars": [],
        "range": [0, 10, 0, 2],
        **others,
    }
    return {"image/png": {"alt": "a line"}, "figure": {"title": "", "axes": [axes]}, "tolerance": tolerance}


def picture(metadata):
    return new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "a line"}, metadata=metadata)


def ran(source, *outputs, **more):
    """A code cell with its outputs; texts are what it printed."""
    made = [new_output("stream", text=output) if isinstance(output, str) else output for output in outputs]
    return new_code_cell(source, outputs=made, **more)


def notebook(*cells, data=None):
    """A notebook of these cells between a good opening and a good end, its cells counted."""
    nb = new_notebook(
        cells=[new_markdown_cell("# Do it"), new_markdown_cell(OPENING), *cells, new_markdown_cell(CLOSING)]
    )
    nb.metadata["course"] = {"data": data}
    for count, cell in enumerate(gates.code(nb), 1):
        cell.execution_count = count
    return nb


GOOD = notebook(
    new_markdown_cell("What is a quarter of 1? See [here](https://example.org/4.56), `7.89`, $0.12$ and “83 %”."),
    ran("rate = 0.1\nprint(rate, 1 / 4, '≈', 1 / 3)", "0.1 0.25 ≈ 0.3333333\n"),
    ran("show(figure, 'a line')", picture(drawn(1, 0.5))),
    ran("def draw():\n    show(figure, 'a line')"),
    ran("print(describe())", "data: MNIST, 3.3 MB\ndevice: cpu, 2.15.0\n"),
    ran("score", new_output("execute_result", {"text/plain": "[1.0, 2.25, 1e-1]"})),
    ran("print(f'≈ {a:.1%} ≈ {b:.3g}')", "≈ 93.7 % ≈ -1.25e-05 and ≈ 1,234.5 s\nloss: ≈ nan\n"),
    new_markdown_cell("It was 93.7 %, about 94 percent, and 1234.5 s; a third is 0.333 or 33 %, over 0, under 50 %."),
)


def faults(gate, nb):
    return list(gate(nb))


@pytest.mark.parametrize("gate", gates.GATES, ids=lambda gate: gate.__name__)
def test_a_good_notebook_passes_the_gate(gate):
    assert faults(gate, GOOD) == []


def with_count(count):
    nb = notebook(ran("a = 1"), ran("b = 2"))
    nb.cells[3].execution_count = count
    return nb


def without(part, by=""):
    nb = copy.deepcopy(GOOD)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(part, by)
    assert nb != GOOD
    return nb


NOTED = {"claim": "c3", "judgement": "false", "because": "it was", "data": "any", "currency": None, "figures": {}}
LINE = "c3 · a wrong learning rate alone · false · it was fine"
VERDICT = ran("verdict('c3')", new_output("display_data", {"text/plain": LINE}, metadata={"verdict": NOTED}))
FAULTS = {
    gates.every_cell_ran_in_order: {
        "a cell that was never run": (with_count(None), "count None, expected 2"),
        "a count out of order": (with_count(3), "count 3, expected 2"),
        "an empty cell": (notebook(ran(" ")), "is empty"),
    },
    gates.no_cell_complains: {
        "stderr": (
            notebook(ran("f()", new_output("stream", name="stderr", text="Warning: old"))),
            "writes to stderr: Warning: old",
        ),
        "an error": (
            notebook(ran("f()", new_output("error", ename="KeyError", evalue="1"))),
            "ends in KeyError",
        ),
        "an address": (notebook(ran("f", "<Figure at 0x7f33ec502ca0>")), "address: 0x7f33ec502ca0"),
    },
    gates.figures_are_there: {
        "a missing figure": (
            notebook(ran("for f in fs:\n    plots.show(f, 'a')", "text")),
            "calls show() and has no picture",
        ),
        "no alt text": (
            notebook(ran("f", picture({**drawn(1), "image/png": {"alt": " "}}))),
            "without alt text",
        ),
        "no figure data": (notebook(ran("f", picture({"image/png": {"alt": "a"}}))), "without its data"),
    },
    gates.nothing_is_skipped: {
        "a skip tag": (notebook(ran("f()", metadata={"tags": ["nbval-skip"]})), "marker 'nbval-'"),
        "a skip comment": (notebook(ran("# NBVAL_SKIP\nf()")), "marker 'NBVAL_'"),
        "an ignored output": (notebook(ran("# PYTEST_VALIDATE_IGNORE_OUTPUT")), "marker 'PYTEST"),
        "an expected error": (
            notebook(ran("1/0", metadata={"tags": ["raises-exception"]})),
            "marker 'raises",
        ),
    },
    gates.cells_are_short: {
        "a long cell": (notebook(ran("a\n" * 21), ran("a"), ran("a")), "21 lines, expected at most 20"),
        "long cells": (notebook(ran("a\n" * 10), ran("a\n" * 10), ran("a")), "median of 10 lines"),
        "a wide line": (notebook(ran("a" * 111)), "a line of 111 characters"),
    },
    gates.nothing_from_elsewhere: {
        "a home path": (notebook(ran("open('/home/ada/x')")), 'path of one machine: "/home/ada/x'),
        "a printed path": (notebook(ran("f", "in C:\\Users\\ada")), "one machine: 'C:"),
        "a path in prose": (notebook(new_markdown_cell("Look in ~/data.")), "one machine: '~/data"),
        "a download": (notebook(ran("MNIST('data', download=True)")), "network: 'download=True'"),
        "an address on the net": (notebook(ran("read('https://a.org')")), "network: 'https://'"),
        "an install": (notebook(ran("%pip install torch")), "network: 'pip i'"),
    },
    gates.measured_numbers_are_marked: {
        "an unmarked number": (notebook(ran("f()", "loss 0.337\n")), "prints 0.337 unmarked"),
        "an unmarked result": (
            notebook(ran("f", new_output("execute_result", {"text/plain": "tensor([0.5, -0.3])"}))),
            "prints -0.3 unmarked",
        ),
        "an unmarked exponent": (notebook(ran("f()", "gap: 3e-7")), "prints 3e-7 unmarked"),
        "one mark for two numbers": (notebook(ran("f()", "≈ 0.1 to 0.2")), "prints 0.2 unmarked"),
        "a version": (notebook(ran("f()", "torch 2.15.0")), "prints 2.15.0 unmarked"),
        "an unmarked alt text": (
            notebook(ran("f", new_output("display_data", {"image/png": "", "text/plain": "down to 0.12"}))),
            "prints 0.12 unmarked",
        ),
    },
    gates.the_parts_are_there: {
        "no title": (without("# Do it", "Do it"), "begins without a title"),
        "no need": (without("**You need**"), "do not say **you need**"),
        "no goal": (without("**You will**"), "do not say **you will**"),
        "no ability": (without("**Afterwards you can**"), "do not say **afterwards you can**"),
        "no exercises": (without("## Exercises"), "sections are ['Takeaways', 'References']"),
        "no references": (without("## References"), "sections are ['Takeaways', 'Exercises']"),
        "two takeaways": (without("- two\n"), "there are 2 takeaways, expected a list of 3"),
        "nothing next": (without("## Next"), "do not say what comes next"),
        "a verdict without its section": (notebook(VERDICT), "expected ['Verdicts', 'Takeaways'"),
    },
    gates.the_card_is_there: {
        "no card": (without(CARD), "there are 0 sections '## On one card', expected one"),
        "two cards": (without(CARD, CARD + CARD), "there are 2 sections"),
        "a card of another level": (without("## On one", "### On one"), "there are 0 sections"),
        "a card before the takeaways": (
            without(TAKEAWAYS + CARD, "## Act\n\n" + CARD + TAKEAWAYS),
            "stands after '## Act', expected after the takeaways",
        ),
        "an empty card": (without("| one | `1` |\n"), "holds neither a table nor a figure"),
        "a bar in code": (without("`1`", "`1 | 2`"), "a row with more or fewer cells than the first: | one | `1 |"),
    },
    gates.paragraphs_are_short: {
        "a long paragraph": (notebook(new_markdown_cell("word " * 80)), "paragraph of 80 words"),
    },
    gates.prose_quotes_what_was_printed: {
        "a number from nowhere": (notebook(new_markdown_cell("It is 0.91.")), "says 0.91"),
        "a number below a heading": (notebook(new_markdown_cell("## Read 5.5\n\nIt is 0.91.")), "says 0.91"),
        "a number from below": (
            notebook(new_markdown_cell("It is 0.91."), ran("f()", "≈ 0.91")),
            "says 0.91",
        ),
        "a percentage from nowhere": (
            notebook(ran("f()", "≈ 93.7 %"), new_markdown_cell("It is 95 %.")),
            "says 95",
        ),
        "a number that went stale": (
            notebook(ran("f()", "≈ 0.914"), new_markdown_cell("It is 0.92.")),
            "says 0.92",
        ),
    },
    gates.expectations_are_said: {
        "an assert": (notebook(ran("for a in (1,):\n    assert a", "")), "asserts: say it by expect"),
        "a truth that is printed": (notebook(ran("f()", "it is\nthe same: True\nor")), "prints 'the same: True'"),
    },
    gates.all_that_is_random_begins_with_the_seed: {
        "a plain seed": (notebook(ran("torch.manual_seed(3)")), "has the seed 3: write it as SEED plus a number"),
        "a plain seed by name": (notebook(ran("film = storms(1, seed=2)")), "has the seed 2"),
        "a plain seed of numpy": (notebook(ran("rng = np.random.default_rng(2 * 3)")), "has the seed 2 * 3"),
        "a plain default": (notebook(ran("def f(a, seed=1, *, b=2): pass")), "has the seed 1"),
        "a plain default of a name": (notebook(ran("def f(a, *, b=2, seed=1): pass")), "has the seed 1"),
        "plain seeds": (notebook(ran("[f(seed) for seed in (0, 1)]")), "has the seed (0, 1)"),
        "plain seeds in a loop": (notebook(ran("for seed in range(5): f(seed)")), "has the seed (5,)"),
    },
    gates.nothing_is_left_to_be_written: {
        "a text to be written": (notebook(new_markdown_cell("## Act\n\nTO WRITE: why.")), "('## Act') says 'TO WRITE'"),
        "a cell to be written": (notebook(ran("a = 1  # TO WRITE")), "says 'TO WRITE'"),
    },
}
CASES = [pytest.param(gate, *case, id=fault) for gate, cases in FAULTS.items() for fault, case in cases.items()]


@pytest.mark.parametrize("gate, nb, message", CASES)
def test_the_gate_names_the_fault(gate, nb, message):
    found = faults(gate, nb)
    assert len(found) == 1 and message in found[0]


def test_every_gate_has_a_fault_to_catch():
    assert set(FAULTS) == set(gates.GATES)


def test_with_its_section_a_verdict_passes():
    nb = notebook(VERDICT)
    nb.cells[-1].source = "## Verdicts\n\n" + CLOSING
    assert faults(gates.the_parts_are_there, nb) == []


def test_a_card_may_be_a_figure_or_hold_a_bar_that_is_written_for_a_table():
    nb = without(CARD, "## On one card\n\nThis:\n\n")
    before, after = nb.cells[-1].source.split("This:\n\n")
    figure = ran("show(figure, 'a line')", picture(drawn(1)))
    nb.cells[-1:] = [new_markdown_cell(before), figure, new_markdown_cell(after)]
    assert faults(gates.the_card_is_there, nb) == []
    nb.cells[-2].outputs = []
    assert len(faults(gates.the_card_is_there, nb)) == 1
    assert faults(gates.the_card_is_there, without("`1`", "`1 \\| 2`")) == []


def test_seeds_that_begin_with_another_pass():
    lines = ["%matplotlib inline", "torch.manual_seed(SEED + 1)", "def f(seed, b=2): default_rng([seed, 3])"]
    lines += ["[f(seed) for seed in SEEDS]", "for seed in range(SEED, SEED + 5): f(seed=seed)", "f(b=seed)"]
    assert faults(gates.all_that_is_random_begins_with_the_seed, notebook(ran("\n".join(lines)))) == []


def test_a_title_may_quote_a_number_printed_below():
    nb = notebook(ran("f()", "≈ 0.91"))
    nb.cells[0].source += "\n\nIt reaches 0.91."
    assert faults(gates.prose_quotes_what_was_printed, nb) == []


def test_cells_that_print_only_measured_values_or_the_machine_are_not_counted_as_compared():
    blind = [ran("f()", "≈ 0.91 ≈ 3\n"), ran("f()", "device: cpu\n"), ran("f()", "data: MNIST\n")]
    silent = [ran("f()"), ran("show(f)", picture(drawn(1)))]
    assert gates.share_compared([notebook(*blind, *silent), notebook(ran("f()", "loss ≈ 0.91\n"))]) == 1 / 4


# Figures --------------------------------------------------------------------------------------------------


def images(*rows, tolerance=0.05):
    return drawn(1, images=[list(rows)], tolerance=tolerance)


def at(x, **scale):
    """A figure with one point at x, and an x axis that is longer than the y axis."""
    return drawn(1, series=[{"label": "loss", "x": [x], "y": [1]}], **scale)


LOG_X = {"scale": ["log", "linear"], "range": [1e-4, 1, 0, 2]}


SAME = [
    (drawn(1, 0.5), drawn(1.1, 0.4)),
    (drawn(1, tolerance=None), drawn(2, tolerance=None)),
    (drawn(1, "nan"), drawn(1, "nan")),
    (drawn("inf"), drawn("inf")),
    (drawn(1, label="≈ 3.1 s"), drawn(1, label="≈ 2.9 s")),
    (images([0, 1]), images([0.05, 0.95])),
    (images([2, 3], tolerance=0.4), images([2, 2.7], tolerance=0.4)),
    (drawn(1, 0.5, tolerance=0.3), drawn(1, 1.0, tolerance=0.3)),
    (drawn(1, bars=[1, 2], tolerance=0.3), drawn(1, bars=[1, 1.5], tolerance=0.3)),
    (at(2), at(2.4)),
    (at(1e-3, **LOG_X), at(1.2e-3, **LOG_X)),
    (
        drawn(1e-3, scale=["linear", "log"], range=[0, 1, 1e-4, 1]),
        drawn(1.2e-3, scale=["linear", "log"], range=[0, 1, 1e-4, 1]),
    ),
]
MOVED = [
    (
        drawn(1, 0.5, 0.25),
        drawn(1, 0.61, 0.25),
        "series 'loss', y[1] is 0.61, expected 0.5 within 0.05 of the axis 0 to 2",
    ),
    (drawn(1, 0.5), drawn(1, "nan"), "y[1] is nan, expected 0.5"),
    (drawn(1, "nan", tolerance=1e9), drawn(1, 0.5, tolerance=1e9), "y[1] is 0.5, expected nan"),
    (drawn(1, "inf", tolerance=1e9), drawn(1, "-inf", tolerance=1e9), "y[1] is -inf, expected inf"),
    (images([0, "nan"]), images([0, 1]), "image 1, block[1] is 1, expected nan"),
    (at(2), at(2.6), "series 'loss', x[0] is 2.6, expected 2 within 0.05 of the axis 0 to 10"),
    (at(1e-3, **LOG_X), at(2e-3, **LOG_X), "series 'loss', x[0] is 0.002, expected 0.001"),
    (drawn(1, 0.5), drawn(1), "series 'loss', x has 1 values, expected 2"),
    (drawn(1), drawn(1, label="Adam"), "the series are ['Adam'], expected ['loss']"),
    (drawn(1), drawn(1, title="Does it rise?"), "the title is now 'Does it rise?'"),
    (drawn(1, bars=[1, 2]), drawn(1, bars=[1, 1.5]), "bar[1] is 1.5, expected 2"),
    (
        images([0, 1], [2, 3]),
        images([0, 1], [2, 2]),
        "image 1, block[3] is 2, expected 3 within 0.05 of the axis 0 to 3",
    ),
    (images([0, 1]), drawn(1), "it shows 0 images, expected 1"),
    (
        drawn(1e-3, scale=["linear", "log"], range=[0, 1, 1e-4, 1]),
        drawn(2e-3, scale=["linear", "log"], range=[0, 1, 1e-4, 1]),
        "y[0] is 0.002, expected 0.001",
    ),
    (drawn(1, tolerance=None), drawn(1, 2, tolerance=None), "x has 2 values, expected 1"),
    (drawn(1), {"image/png": {"alt": "a"}}, "carries no data"),
    ({"figure": drawn(1)["figure"]}, drawn(1), "carries no data"),
]


@pytest.mark.parametrize("old, new", SAME)
def test_a_figure_may_move_within_its_tolerance(old, new):
    assert compare_figures([old], [new]) == []


@pytest.mark.parametrize("old, new, message", MOVED)
def test_a_figure_that_moved_further_is_told(old, new, message):
    wrong = compare_figures([old], [new])
    assert wrong and wrong[0].startswith("figure 1") and message in wrong[0]


def test_the_order_of_rows_is_a_value_and_not_compared_for_timings():
    def rows(tolerance, *labels):
        figure = drawn(1, tolerance=tolerance)
        series = figure["figure"]["axes"][0]["series"][0]
        figure["figure"]["axes"][0]["series"] = [
            {**series, "label": label, "x": series["x"] * len(label), "y": series["y"] * len(label)} for label in labels
        ]
        return figure

    assert compare_figures([rows(None, "Adam", "SGD")], [rows(None, "SGD", "Adam")]) == []
    assert len(compare_figures([rows(None, "Adam", "SGD")], [rows(None, "Adam", "Muon")])) == 1
    assert len(compare_figures([rows(0.1, "Adam", "SGD")], [rows(0.1, "SGD", "Adam")])) == 1


def test_a_panel_or_a_figure_too_few_is_told():
    two = copy.deepcopy(drawn(1))
    two["figure"]["axes"] *= 2
    two["figure"]["title"] = drawn(1)["figure"]["title"] = "Both"
    one = copy.deepcopy(two)
    one["figure"]["axes"].pop()
    assert compare_figures([two], [one]) == ["figure 1 ('Both'): it has 1 panels, expected 2"]
    assert compare_figures([one], []) == ["the cell draws 0 figures, expected 1"]


def test_on_other_data_only_number_and_titles_of_figures_are_compared():
    assert compare_figures([drawn(1, 2)], [drawn(9, label="b")], values=False) == []
    assert len(compare_figures([drawn(1)], [drawn(1, title="Other")], values=False)) == 1
    assert len(compare_figures([drawn(1)], [], values=False)) == 1


# A real nbval run ----------------------------------------------------------------------------------------


def draw(metadata):
    """The source of a cell that shows a figure with this metadata."""
    return (
        "from IPython.display import display\n"
        f"display({{'image/png': 'iVBORw0KGgo=', 'text/plain': 'a line'}}, metadata={metadata!r}, raw=True)"
    )


CELLS = {  # of one notebook
    "near": [ran(draw(drawn(1, 0.5)), picture(drawn(1.05, 0.5)))],
    "far": [ran(draw(drawn(1, 0.5)), picture(drawn(1.5, 0.5)))],
    "lost": [ran("print('a line')", "a line\n", picture({**drawn(1)}))],
    "marked": [
        ran("print('device: cuda, 3.2 GHz')", "device: cpu\n"),
        ran("print('compiler: none')", "compiler: gcc 12.2\n"),
        ran("print('time ≈', 0.31, 's, ≈ -1.2e-05 | ≈ 1,234.5 |')", "time ≈ 12.5 s, ≈ nan | ≈    7   |\n"),
        ran("'≈ 0.3'", new_output("execute_result", {"text/plain": "'≈ 0.7'"})),
    ],
    "plain": [ran("RATE = 0.2\nprint('rate', RATE)", "rate 0.1\n")],
    "pair": [ran("print('≈ 0.1 or 0.2')", "≈ 0.3 or 0.4\n")],
    "second": [ran("print('≈ 0.1\\nmy data: 3')", "≈ 0.3\nmy data: 4\n")],
}
NAMES = [name for name, cells in CELLS.items() for _ in cells]
REAL = {
    "cells": notebook(*sum(CELLS.values(), [])),
    "other": notebook(
        ran("print('data: digits, here')", "data: MNIST\n"),
        ran(draw(drawn(1)), picture(drawn(9))),
        data="MNIST",
    ),
    "mnist": notebook(
        ran("print('data: MNIST, here')", "data: MNIST\n"),
        ran(draw(drawn(1)), picture(drawn(9))),
        data="MNIST",
    ),
}
FAILING = {"far", "lost", "mnist", "plain", "pair", "second"}


def test_nbval_with_our_rules_and_figures_lets_pass_what_may_differ_and_nothing_else(pytester):
    pytester.makeconftest(f"import sys\nsys.path.insert(0, {str(SANITIZE.parent)!r})\npytest_plugins = ['figures']")
    for name, nb in REAL.items():
        write(nb, pytester.path / f"{name}.ipynb")
    result = pytester.runpytest_subprocess(
        "-q", "-pnbval", "--color=no", "--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}", "."
    )
    lines = [line for line in result.outlines if line.startswith("FAILED")]
    failed = [re.match(r"FAILED (\w+)\.ipynb::Cell (\d+)", line).groups() for line in lines]
    assert {NAMES[int(cell)] if file == "cells" else file for file, cell in failed} == FAILING
    assert len(lines) == len(FAILING) and f"{len(NAMES) + 4 - len(FAILING)} passed" in result.outlines[-1]
    expected = "*figure 1 ('Does it fall?'): series 'loss', y[[]0] is 1, expected {} within 0.05 of the axis 0 to 2"
    result.stdout.fnmatch_lines_random([expected.format("1.5"), expected.format("9"), "*Figures differ*"])
