"""The README's generated parts come from the notebooks, and are those of today."""

import base64
import shutil
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import readme
from course.claims import verdict
from course.notebooks import write

ROOT = Path(__file__).resolve().parents[1]
PNG = b"\x89PNG small"
EMPTY = """# Course
<!-- picture -->
<!-- /picture -->
Before.
<!-- notebooks -->
old
<!-- /notebooks -->
<!-- claims -->
<!-- /claims -->
After.
"""
FULL = """# Course
<!-- picture -->
![a line](.github/figure.png)
<!-- /picture -->
Before.
<!-- notebooks -->
| notebook | you will be able to | minutes |
|---|---|---:|
| [Start](notebooks/00_start.ipynb) | say a; do b \\| c; end | 1 |
| [Go on](notebooks/01_on.ipynb) | do all that there is | 12 |
<!-- /notebooks -->
<!-- claims -->
| | claim | verdict | because | in |
|---|---|---|---|---|
| c3 | a wrong learning rate alone | false | it was ≈ 3 % | [01](notebooks/01_on.ipynb) |
| c10 | memory stops growing | holds only when x | y · of z | [00](notebooks/00_start.ipynb) |
<!-- /claims -->
After.
"""


def two_notebooks(folder):
    """Two small notebooks; the first has the picture and the later claim."""
    picture = new_output(
        "display_data",
        {"image/png": base64.b64encode(PNG).decode()},
        metadata={"image/png": {"alt": "a line"}},
    )
    first = new_notebook(
        metadata={"course": {"minutes": 1}},
        cells=[
            new_markdown_cell("# Start\nwith this."),
            new_markdown_cell(
                "**You will** go.\n\n**Afterwards you can**\n- say a,\n- do b | c,\n- end.\n\n**You need** 1."
            ),
            new_code_cell("", metadata={"tags": ["readme"]}, outputs=[picture]),
            new_code_cell(
                "",
                outputs=[
                    new_output(
                        "stream",
                        text="x\nc10 · memory stops growing · holds only when x · y · of z\nc99 is none\n",
                    )
                ],
            ),
        ],
    )
    second = new_notebook(
        metadata={"course": {"minutes": 12}},
        cells=[
            new_markdown_cell("# Go on"),
            new_markdown_cell(
                "**You will** go · **afterwards you can** do all\nthat there is · **you need** 00."
            ),
            new_code_cell(
                "",
                outputs=[
                    new_output("stream", text="c3 · a wrong learning rate alone · false · it was ≈ 3 %\n")
                ],
            ),
        ],
    )
    paths = [folder / "00_start.ipynb", folder / "01_on.ipynb"]
    for nb, path in zip((first, second), paths, strict=True):
        write(nb, path)
    return paths


def test_tables_and_picture_are_filled_in_and_the_rest_is_left(tmp_path):
    (tmp_path / "README.md").write_text(EMPTY, encoding="utf-8")
    paths = two_notebooks(tmp_path)
    assert readme.update_readme(tmp_path / "README.md", paths) == [
        "notebooks",
        "claims",
        "picture",
        ".github/figure.png",
    ]
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == FULL
    assert (tmp_path / ".github" / "figure.png").read_bytes() == PNG
    assert readme.update_readme(tmp_path / "README.md", paths) == []


def test_a_changed_number_or_picture_is_noticed(tmp_path):
    paths = two_notebooks(tmp_path)
    (tmp_path / "README.md").write_text(FULL.replace("≈ 3 %", "≈ 4 %"), encoding="utf-8")
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "figure.png").write_bytes(b"old")
    assert readme.update_readme(tmp_path / "README.md", paths) == ["claims", ".github/figure.png"]


def test_a_verdict_as_the_course_prints_it_is_read(capsys):
    for judgement in ("holds", "false", "holds only when all is well"):
        verdict("c3", judgement, "x · y")
        found = readme.VERDICT.fullmatch(capsys.readouterr().out.strip())
        assert found and found[1] == "c3" and found[2].startswith("a wrong learning rate alone")


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("# Start", "Start", "begins without a title, expected `# Title` in its first cell: write one"),
        ("**You need**", "", "does not say what you can do afterwards"),
        (
            '"minutes": 1\n',
            '"seconds": 1\n',
            "does not record how long it ran, expected minutes in its metadata: run it again",
        ),
        ('"readme"', '"other"', "no cell tagged 'readme' shows a figure: tag one, then run its notebook"),
    ],
)
def test_a_notebook_that_lacks_a_part_is_named(tmp_path, old, new, message):
    paths = two_notebooks(tmp_path)
    text = paths[0].read_text(encoding="utf-8")
    assert old in text
    paths[0].write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        readme.generate(paths)


def test_a_missing_marker_or_readme_is_named(tmp_path):
    paths = two_notebooks(tmp_path)
    with pytest.raises(FileNotFoundError, match="README.md does not exist"):
        readme.update_readme(tmp_path / "README.md", paths)
    (tmp_path / "README.md").write_text(EMPTY.replace("<!-- /claims -->", ""), encoding="utf-8")
    with pytest.raises(
        ValueError, match="has no lines <!-- claims --> and <!-- /claims -->: put them where it goes"
    ):
        readme.update_readme(tmp_path / "README.md", paths)


def test_the_committed_readme_is_up_to_date(tmp_path):
    shutil.copy(ROOT / "README.md", tmp_path)
    if (ROOT / readme.PICTURE).exists():
        (tmp_path / readme.PICTURE).parent.mkdir()
        shutil.copy(ROOT / readme.PICTURE, tmp_path / readme.PICTURE)
    stale = readme.update_readme(
        tmp_path / "README.md", sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    )
    assert stale == [], "README.md is not that of the notebooks: call course.readme.update_readme"
