"""Are notebooks written as `run.py regenerate` writes them? Called by pre-commit, with their names; by a test, too.

What a notebook server adds (times, versions, widgets' state) makes every later difference hard to read.
"""

import sys
import warnings
from pathlib import Path

import nbformat

METADATA = {"course", "kernelspec", "language_info"}
CELL_METADATA = {"jupyter", "tags"}
MEND = "run python3 run.py regenerate {stem}, or undo what the notebook server has added"


def faults(path):
    """Yield a sentence for each way in which a notebook's file is not as it should be."""
    try:
        text = path.read_bytes().decode("utf-8")
        with warnings.catch_warnings(action="ignore"):  # of ids that are missing, or there twice
            nb = nbformat.reads(text.removeprefix("\ufeff"), as_version=4)
        nbformat.validate(nb)
    except Exception as error:
        yield f"{path} is no notebook ({str(error).splitlines()[0]}): take another copy"
        return
    added = nb.metadata.keys() - METADATA
    added |= {name for cell in nb.cells for name in cell.metadata.keys() - CELL_METADATA}
    if added:
        yield f"{path} has the metadata {', '.join(sorted(added))}: {MEND.format(stem=path.stem)}"
    elif nb.nbformat_minor < 5:
        yield f"{path} has cells without an id, as Colab leaves them: run python3 run.py regenerate {path.stem}"
    elif text != nbformat.writes(nb) + "\n":
        yield f"{path} is not laid out as nbformat writes it: {MEND.format(stem=path.stem)}"


def main(names):
    found = [fault for name in names for fault in faults(Path(name))]
    print("\n".join(found), end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
