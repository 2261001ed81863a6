"""Compares figures by the data that they draw; nbval skips pictures. A pytest plugin, loaded by plugin.py."""

import re

import pytest

from course.upkeep.figures import compare_figures, drawn_in

DATA_LINE = re.compile(r"^data: (\w+)", re.MULTILINE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After nbval has run and compared a cell, compare its figures with the committed ones."""
    result = yield
    if hasattr(item, "test_outputs") and hasattr(item, "raise_cell_error"):
        notice_data(item)
        committed = drawn_in(item.cell.outputs)
        fresh = drawn_in(item.test_outputs)
        wrong = compare_figures(committed, fresh, values=not committed or same_data(item.parent))
        if wrong:
            item.raise_cell_error("Figures differ", "\n".join(wrong))
    return result


def notice_data(item) -> None:
    """Keep the data set that a cell names in a line `data: NAME …`."""
    for output in item.test_outputs:
        if found := DATA_LINE.search(output.get("text", "")):
            item.parent.data_at_hand = found[1]


def same_data(notebook) -> bool:
    """Tell whether the notebook now runs on the data of its committed outputs."""
    committed = notebook.nb.metadata.get("course", {}).get("data")
    if committed is None:
        return True
    if not hasattr(notebook, "data_at_hand"):  # it has not said yet
        from course.mnist import find_mnist, load_mnist

        notebook.data_at_hand = load_mnist().name if find_mnist() else "digits"
    return notebook.data_at_hand == committed
