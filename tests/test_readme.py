"""The README's generated parts come from the notebooks and the benches, and are those of today."""

import base64
import json
import re
import shutil
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course._places import find_notebooks
from course.claims import bands, exact, measured, paired
from course.upkeep import claims_page, costs, readme
from course.upkeep.costs import Cost, record_costs
from course.upkeep.notebooks import write

ROOT = Path(__file__).resolve().parents[1]
PNG = b"\x89PNG small"
EMPTY = """# Course
<!-- picture -->
<!-- /picture -->
Before.
<!-- notebooks -->
old
<!-- /notebooks -->
<!-- surprises -->
<!-- /surprises -->
After.
"""
FULL = """# Course
<!-- picture -->
![a line](.github/00_start.png)
<!-- /picture -->
Before.
<!-- notebooks -->
| notebook | you will be able to | runs (min) | memory (GB) |
|---|---|---:|---:|
| **The path** | | | |
| [Start](notebooks/00_start.ipynb) | say a; do b \\| c; end | 1 | 0.4 |
| [Go on](notebooks/01_on.ipynb) | do all that there is | 12 | 1.0 |
<!-- /notebooks -->
<!-- surprises -->
- *a | b*: **false** ([01](notebooks/01_on.ipynb)); it was ≈ 3 % (≈ 2 to ≈ 5, 3 runs), then 7.
<!-- /surprises -->
After.
"""
CLAIMS = {"c3": "a | b", "c10": "memory stops growing"}


def result(held, **figures):
    return {"seeds": 3, "held": held, "figures": {name: asdict(figure) for name, figure in figures.items()}}


BANDS = {
    "c3": {
        "notebook": "01_on",
        "judgement": "false",
        "because": "it was {at_the_end}, then {more}",
        "currency": None,
        "measured": {
            "digits": result(1, at_the_end=measured([0.04], "%", ".0f"), more=exact(7)),
            "MNIST": result(3, at_the_end=measured([0.05, 0.03, 0.02], "%", ".0f"), more=exact(7)),
        },
    },
    "c10": {
        "notebook": "00_start",
        "judgement": "holds only when x",
        "because": "y · of z",
        "currency": "steps",
        "measured": {"any": result(2)},
    },
}
COSTS = {"00_start": Cost(3.0, 12.0, 0.44), "01_on": Cost(200.0, 735.0, 0.96)}


@pytest.fixture
def two_notebooks(tmp_path, monkeypatch):
    """Two small notebooks, the first with the picture, their costs, and two claims."""
    folder = tmp_path
    monkeypatch.setattr(claims_page, "CLAIMS", CLAIMS)
    monkeypatch.setattr(claims_page, "SURPRISES", ("c3",))
    monkeypatch.setattr(bands, "BANDS", folder / "bands.json")
    bands.BANDS.write_text(json.dumps(BANDS), encoding="utf-8")
    monkeypatch.setattr(costs, "COSTS", folder / "costs.json")
    record_costs(COSTS)
    picture = new_output(
        "display_data",
        {"image/png": base64.b64encode(PNG).decode()},
        metadata={"image/png": {"alt": "a line"}},
    )
    first = new_notebook(
        cells=[
            new_markdown_cell("# Start\nwith this."),
            new_markdown_cell(
                "**You will** go.\n\n**Afterwards you can**\n- say a,\n- do b | c,\n- end.\n\n**You need** 1."
            ),
            new_code_cell("", metadata={"tags": ["readme"]}, outputs=[picture]),
        ],
    )
    second = new_notebook(
        cells=[
            new_markdown_cell("# Go on"),
            new_markdown_cell("**You will** go · **afterwards you can** do all\nthat there is · **you need** 00."),
        ],
    )
    paths = [folder / "00_start.ipynb", folder / "01_on.ipynb"]
    for nb, path in zip((first, second), paths, strict=True):
        write(nb, path)
    return paths


def test_tables_and_picture_are_filled_in_and_the_rest_is_left(tmp_path, two_notebooks):
    (tmp_path / "README.md").write_text(EMPTY, encoding="utf-8")
    paths = two_notebooks
    assert readme.update_readme(tmp_path / "README.md", paths) == [
        "notebooks",
        "surprises",
        "picture",
        ".github/00_start.png",
        "notebooks/CLAIMS.md",
    ]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == FULL
    assert (tmp_path / ".github" / "00_start.png").read_bytes() == PNG
    assert (tmp_path / "notebooks" / "CLAIMS.md").read_text(encoding="utf-8") == claims_page.claims_page(BANDS)
    assert readme.update_readme(tmp_path / "README.md", paths) == []


def test_each_tagged_notebook_gives_one_picture(two_notebooks):
    first, second = (nbformat.read(path, as_version=4) for path in two_notebooks)
    for nb, name in ((first, "again"), (second, "shown")):
        shown = new_code_cell("", id=name, metadata={"tags": ["readme"]}, outputs=first.cells[2].outputs)
        nb.cells.append(shown)
    write(first, two_notebooks[0])
    write(second, two_notebooks[1])
    made = readme.generate(two_notebooks, COSTS, BANDS)
    assert made.blocks["picture"] == "![a line](.github/00_start.png)\n![a line](.github/01_on.png)"
    assert [made.files[name] for name in (".github/00_start.png", ".github/01_on.png")] == [PNG, PNG]


def test_a_changed_number_picture_or_page_is_noticed(tmp_path, two_notebooks):
    paths = two_notebooks
    (tmp_path / "README.md").write_text(FULL.replace("≈ 3 %", "≈ 4 %"), encoding="utf-8")
    for name in (".github/00_start.png", "notebooks/CLAIMS.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"old")
    changed = ["surprises", ".github/00_start.png", "notebooks/CLAIMS.md"]
    assert readme.update_readme(tmp_path / "README.md", paths) == changed


def test_the_page_has_a_row_and_all_runs_of_each_claim(monkeypatch):
    monkeypatch.setattr(claims_page, "CLAIMS", CLAIMS)
    rows = [line for line in claims_page.claims_page(BANDS).splitlines() if line.startswith(("| [c", "<a", "- "))]
    assert rows == [
        "| [c3](#c3) | a \\| b | false | at the end: ≈ 3 % (≈ 2 to ≈ 5, 3 runs) | 3 of 3 | [01](01_on.ipynb) |",
        "| [c10](#c10) | memory stops growing | holds only when x | exact | 2 of 3 | [00](00_start.ipynb) |",
        '<a id="c3"></a>**c3** · a | b · false',
        "- the stand-in, upheld in 1 of 3 runs: it was ≈ 4 % (1 run), then 7",
        "- MNIST, upheld in 3 of 3 runs: it was ≈ 3 % (≈ 2 to ≈ 5, 3 runs), then 7",
        '<a id="c10"></a>**c10** · memory stops growing · holds only when x',
        "- no data needed, upheld in 2 of 3 runs: y · of z; at equal steps",
    ]


def test_a_difference_is_shown_with_its_interval(monkeypatch):
    monkeypatch.setattr(claims_page, "CLAIMS", {"c3": "a"})
    gap = paired([0.5, 0.75], [0.25, 0.25], "points", ".0f")
    record = BANDS["c3"] | {"because": "{gap}", "measured": {"MNIST": result(3, gap=gap)}}
    assert f"| gap: {gap} | 3 of 3 |" in claims_page.claims_page({"c3": record})


@pytest.mark.parametrize(
    "names, groups",
    [
        (
            ["00_start", "11_a", "19_b", "20_c"],
            {"The path": ["00_start"], "Under the hood": ["11_a", "19_b"], "Further": ["20_c"]},
        ),
        (["00_start", "09_a", "29_b"], {"The path": ["00_start", "09_a"], "Further": ["29_b"]}),
    ],
)
def test_notebooks_stand_under_the_group_of_their_number_and_an_empty_group_is_left_out(two_notebooks, names, groups):
    start, on = two_notebooks
    paths = [start, *(shutil.copy(on, on.with_name(f"{name}.ipynb")) for name in names[1:])]
    table = readme.generate(paths, dict.fromkeys(names, Cost(3.0, 12.0, 0.44)), BANDS).blocks["notebooks"]
    found = {}
    for row in table.splitlines()[2:]:
        if heading := re.fullmatch(r"\| \*\*(.+)\*\* \| \| \| \|", row):
            rows = found[heading[1]] = []
        else:
            rows.append(re.match(r"\| \[.+\]\(notebooks/(.+)\.ipynb\) \|", row)[1])
    assert list(found.items()) == list(groups.items())


def test_a_notebook_with_a_number_of_no_group_is_named(two_notebooks):
    start, on = two_notebooks
    paths = [start, on.rename(on.with_name("30_on.ipynb"))]
    with pytest.raises(
        ValueError, match="30_on.ipynb belongs to no group, expected a number below 30: give it another"
    ):
        readme.generate(paths, COSTS, BANDS)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("# Start", "Start", "begins without a title, expected `# Title` in its first cell: write one"),
        ("**You need**", "", "does not say what you can do afterwards"),
        ('"readme"', '"other"', "no cell tagged 'readme' shows a figure with its alt text: tag one, then run its"),
        ('"alt"', '"other"', "no cell tagged 'readme' shows a figure with its alt text: tag one, then run its"),
    ],
)
def test_a_notebook_that_lacks_a_part_is_named(two_notebooks, old, new, message):
    paths = two_notebooks
    text = paths[0].read_text(encoding="utf-8")
    assert old in text
    paths[0].write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        readme.generate(paths, COSTS, BANDS)


def test_a_missing_cost_or_claim_is_named(two_notebooks):
    with pytest.raises(
        ValueError, match="01_on.ipynb has no recorded cost: call python3 run.py run 01_on --costs record"
    ):
        readme.generate(two_notebooks, {"00_start": COSTS["00_start"]}, BANDS)
    with pytest.raises(
        ValueError, match="c10 was not measured: call python3 run.py claims with the notebook that judges it"
    ):
        readme.generate(two_notebooks, COSTS, {"c3": BANDS["c3"]})
    with pytest.raises(ValueError, match="c10 was not measured: "):
        readme.generate(two_notebooks, COSTS, BANDS | {"c10": {**BANDS["c10"], "measured": {}}})


def test_a_broken_notebook_is_named(two_notebooks):
    two_notebooks[1].write_text("<<<<<<< HEAD")
    with pytest.raises(ValueError, match="01_on.ipynb is no notebook"):
        readme.generate(two_notebooks, COSTS, BANDS)


def test_a_missing_marker_or_readme_is_named(tmp_path, two_notebooks):
    paths = two_notebooks
    with pytest.raises(FileNotFoundError, match="README.md does not exist"):
        readme.update_readme(tmp_path / "README.md", paths)
    (tmp_path / "README.md").write_text(EMPTY.replace("<!-- /surprises -->", ""), encoding="utf-8")
    with pytest.raises(
        ValueError, match="has no lines <!-- surprises --> and <!-- /surprises -->: put them where it goes"
    ):
        readme.update_readme(tmp_path / "README.md", paths)


def test_the_committed_readme_is_up_to_date(tmp_path):
    shutil.copy(ROOT / "README.md", tmp_path)
    pictures = [path.relative_to(ROOT) for path in (ROOT / readme.PICTURES).glob("*.png")]
    for name in (*pictures, Path(claims_page.PAGE)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    stale = readme.update_readme(tmp_path / "README.md", find_notebooks(ROOT / "notebooks"))
    assert stale == [], "README.md is not that of the notebooks: call course.upkeep.readme.update_readme"


BENCH = '''"""Time a pass | fast and slow.

What is timed, and how; not: a ratio.

fast, lean    ours over theirs
of_limit      the limit over ours

--quick: less.
"""
'''
RESULTS = {"pass": {"ratios": {"fast": 9.994, "of_limit": 0.5, "lean": 112.6}, "data": "digits"}}


@pytest.fixture
def benches(tmp_path, monkeypatch):
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "bench_pass.py").write_text(BENCH)
    (tmp_path / "README.md").write_text("Before.\n<!-- speed -->\nold\n<!-- /speed -->\nAfter.\n")
    monkeypatch.setattr(readme, "usable_cores", lambda: 2)
    return tmp_path


def test_the_speed_table_has_a_row_a_bench_in_the_words_of_its_docstring(benches):
    (benches / "bench" / "bench_none.py").write_text('"""Time nothing."""')
    readme.update_speed(benches / "README.md", benches / "bench", RESULTS | {"none": {"ratios": {}}})
    assert (
        (benches / "README.md").read_text(encoding="utf-8")
        == f"""Before.
<!-- speed -->
| bench | what it times | ratios |
|---|---|---|
| `none` | nothing |  |
| `pass` | a pass \\| fast and slow | `fast` ≈ 9.99, `lean` ≈ 113: ours over theirs<br>`of_limit` ≈ 0.50: the limit over ours |

All from one run of `python3 run.py bench`: 2 cores, torch {version("torch")}, images: digits.
<!-- /speed -->
After.
"""  # noqa: E501
    )


def test_a_table_without_images_names_none(benches):
    readme.update_speed(benches / "README.md", benches / "bench", {"pass": {"ratios": RESULTS["pass"]["ratios"]}})
    assert f"2 cores, torch {version('torch')}.\n" in (benches / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "results, message",
    [
        ({}, "there is no result of bench pass: run all benches, python3 run.py bench"),
        (
            {"pass": {"ratios": {"fast": 1, "new": 2}}},
            "{} gives the ratios fast, new and explains fast, lean, of_limit: "
            "explain each on a line of its docstring, `name   what it is`",
        ),
    ],
)
def test_a_table_that_would_have_a_gap_is_not_written(benches, results, message):
    with pytest.raises(ValueError) as error:
        readme.update_speed(benches / "README.md", benches / "bench", results)
    assert str(error.value) == message.format(benches / "bench" / "bench_pass.py")
    assert "\nold\n" in (benches / "README.md").read_text(encoding="utf-8")


def test_the_committed_speed_table_has_each_ratio_of_each_bench_with_its_words():
    stale = "tests/bench/README.md is not that of the benches: call python3 run.py bench on an idle machine"
    page = ROOT / "tests" / "bench" / "README.md"
    block = re.search("<!-- speed -->\n(.*?)<!-- /speed -->", page.read_text("utf-8"), re.DOTALL)
    assert block, stale
    rows = [re.sub(r"≈ [\d.]+", "≈", row) for row in block[1].splitlines() if row.startswith("| `")]
    assert rows == [expected_row(path) for path in sorted((ROOT / "tests" / "bench").glob("bench_*.py"))], stale
    assert re.search(r"^All from one run of `python3 run.py bench`: \d+ cores, torch ", block[1], re.M), stale


def expected_row(path):
    subject, lines = readme.explained(path)
    assert lines, f"{path} explains no ratio"
    figures = "<br>".join(f"{', '.join(f'`{ratio}` ≈' for ratio in group)}: {words}" for group, words in lines)
    return f"| `{path.stem.removeprefix('bench_')}` | {subject} | {figures} |"
