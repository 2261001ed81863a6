"""Notebooks that fetch the course where it is missing: what the website hands out, and Colab opens."""

from copy import deepcopy

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

BRANCH = "colab"  # of the repository: there .github/workflows/book.yml puts them, for Colab opens what GitHub shows
FETCH = """\
# Where the course is missing, as on Colab, this fetches it. Elsewhere it does nothing.
import importlib.util
import os
import sys

if importlib.util.find_spec("course") is None:
    !git clone --quiet --depth 1 {repository} from-numpy-to-rain
    %pip install --quiet --editable from-numpy-to-rain
    sys.path.append(os.path.abspath("from-numpy-to-rain"))  # an install is seen by the next kernel only"""


def with_fetch(nb: NotebookNode, repository: str) -> NotebookNode:
    """Return a notebook with a first cell that installs the course from a repository, if it is not installed."""
    fetching = deepcopy(nb)
    fetching.cells.insert(0, new_code_cell(FETCH.format(repository=repository), id="fetch"))
    return fetching
