"""The progress bar: silent under CI, shown elsewhere, shown or hidden on demand."""

import pytest

from course._progress import progress_bar


@pytest.mark.parametrize(
    ("ci", "asked", "seen"),
    [
        (True, None, False),
        (False, None, True),
        (True, True, True),
        (False, False, False),
    ],
)
def test_the_bar_is_silent_under_ci_unless_asked_for(monkeypatch, capsys, ci, asked, seen):
    monkeypatch.delenv("CI", raising=False)
    if ci:
        monkeypatch.setenv("CI", "true")
    with progress_bar(3, "epoch", asked) as bar:
        bar.update(3)
    printed = capsys.readouterr()
    assert ("/3" in printed.err, printed.out) == (seen, "")
