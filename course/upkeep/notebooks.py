"""Run notebooks, each from a fresh kernel, and keep of the outputs what a second run would give again."""

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from course._atomic import written_whole
from course.claims.verdicts import Judged, read_judged
from course.upkeep.kernel import ThisPython, drop_settings

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
DATA_LINE = re.compile(r"^data: (\w+)", re.MULTILINE)
ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")  # of a cell, in nbformat 4.5
WIDGET = "application/vnd.jupyter.widget-view+json"


class NotebookError(RuntimeError):
    """A notebook stopped; the message holds the notebook, the cell, its source and the traceback."""


class Usage(NamedTuple):
    """What a run took. Units: seconds of processor time, of the kernel and its ended children; bytes of the kernel."""

    seconds: float
    peak_bytes: int


def run_notebook(
    path: Path | str,
    out: Path | str,
    *,
    folder: Path | str | None = None,
    timeout: float | None = None,
    progress: bool = True,
    after_cell: Callable[[int, float], None] | None = None,
) -> NotebookNode:
    """Run a notebook from a fresh kernel and write the executed copy to `out`, whole or not at all.

    folder: where the kernel works, by default the notebook's own. timeout: for each cell, None for no limit.
    progress: a bar on stderr that counts cells. after_cell: called with each code cell's index and its time.
    Units: seconds.
    Raises: NotebookError if a cell fails, FileNotFoundError, ValueError if the file is no notebook.
    """
    nb = read(path)
    execute(nb, path, folder=folder, timeout=timeout, progress=progress, after_cell=after_cell)
    write_executed(nb, out)
    return nb


def execute(
    nb: NotebookNode,
    path: Path | str,
    *,
    folder: Path | str | None = None,
    timeout: float | None = None,
    progress: bool = True,
    after_cell: Callable[[int, float], None] | None = None,
    go_on: bool = False,
    **environment: str,
) -> Usage:
    """Run the cells of an opened notebook in a fresh kernel; return what it took.

    path: its file, for messages, and for the folder. go_on: leave errors in the outputs and run the next cell.
    environment: more variables for the kernel. The rest is as in `run_notebook`. Raises: NotebookError.
    """
    path = Path(path)
    cells = [(index, cell) for index, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    for _, cell in cells:
        cell.outputs, cell.execution_count = [], None
    client = NotebookClient(nb, timeout=timeout, kernel_name=KERNEL["name"], record_timing=False, allow_errors=go_on)
    client.create_kernel_manager().kernel_spec_manager = ThisPython()
    client.reset_execution_trackers()
    with (
        tempfile.TemporaryDirectory() as ipython,
        tempfile.TemporaryFile() as stderr,
        tqdm(total=len(cells), desc=path.stem, unit="cell", disable=not progress) as bar,
        client.setup_kernel(
            cwd=str(Path(folder or path.parent).resolve()),
            env={**drop_settings(os.environ, ipython), **environment},
            stderr=stderr,
        ),
    ):
        for number, (index, cell) in enumerate(cells, 1):
            start = time.perf_counter()
            try:
                client.execute_cell(cell, index, execution_count=number)
            except (CellControlSignal, DeadKernelError) as error:
                bar.close()
                raise NotebookError(_story(path, number, len(cells), cell, error, stderr)) from None
            bar.update()
            if after_cell:
                after_cell(index, time.perf_counter() - start)
        return _usage(client.km.provisioner.pid)


def write_executed(nb: NotebookNode, out: Path | str) -> None:
    """Clean an executed notebook, record on what it ran, and write it, whole or not at all."""
    from course.device import pick_device  # here: torch is slow to import

    clean(nb)
    nb.metadata["course"] = {
        "data": data_name(nb),
        "device": pick_device().type,
        "torch": version("torch").split("+")[0],
    }
    write(nb, out)


def _usage(pid: int) -> Usage:
    process = psutil.Process(pid)
    memory = process.memory_info()
    peak = getattr(memory, "peak_wset", memory.rss)  # Windows keeps the peak there
    status = Path(f"/proc/{pid}/status")  # and Linux here; elsewhere the last value has to do
    if status.is_file():
        peak = 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1])
    return Usage(sum(process.cpu_times()[:4]), peak)  # user, system, and both of the children


def read(path: Path | str) -> NotebookNode:
    """Read a notebook. Raises: FileNotFoundError, ValueError if the file is no notebook."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist, expected a notebook: check the name")
    return parse_notebook(path.read_bytes(), str(path))


def parse_notebook(content: bytes, name: str) -> NotebookNode:
    """Return the notebook that a file holds, in nbformat 4, whoever wrote it.

    A cell has no id if the file gives it none, as those of Colab do, or that of a cell above. Lines end in \\n.
    Raises: ValueError, which begins with the name, if this is no notebook.
    """
    try:
        given = json.loads(content.decode("utf-8-sig"))
        if given["nbformat"] == 4 and not _keep_good_ids(given["cells"]):
            given["nbformat_minor"] = 4  # the last one without ids: else nbformat draws some by lot
        nb = nbformat.reads(json.dumps(given), as_version=4)
        if given["nbformat"] < 4:  # those that it has just drawn
            nb.nbformat_minor = 4
            for cell in nb.cells:
                del cell["id"]
        for cell in nb.cells:
            cell.source = cell.source.replace("\r\n", "\n")
        nbformat.validate(nb, relax_add_props=True)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{name} is no notebook ({reason}), expected one in nbformat 4: take another copy") from None
    return nb


def _keep_good_ids(cells: list[dict]) -> bool:
    """Take away ids that are none, or that of a cell above; tell whether each cell still has one."""
    seen = set()
    for cell in cells:
        if not ID.fullmatch(str(cell.get("id", ""))) or cell["id"] in seen:
            cell.pop("id", None)
        seen.add(cell.get("id"))
    return None not in seen


def write(nb: NotebookNode, out: Path | str) -> None:
    """Write a notebook under its name only when it is complete; a cell without an id gets one by its place."""
    out = Path(out)
    taken = {cell.get("id") for cell in nb.cells}
    for place, cell in enumerate(nb.cells, 1):
        names = (f"{out.stem[:2]}-{place + turn * len(nb.cells):03}" for turn in count())
        cell.setdefault("id", next(name for name in names if name not in taken))
    nb.nbformat_minor = max(5, nb.nbformat_minor)
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as part:
        part.write_text(nbformat.writes(nb) + "\n", encoding="utf-8", newline="\n")


def clean(nb: NotebookNode) -> None:
    """Drop what differs between runs or machines: times, versions, widgets, chunks of streams."""
    nb.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for cell in nb.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in ("tags", "jupyter")})
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)  # names a widget that lives in the kernel
            cell.outputs = _join_streams(cell.outputs)


def data_name(nb: NotebookNode) -> str | None:
    """Return the first word after `data: ` in the outputs, "MNIST" or "digits"; None if there is none."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if found := DATA_LINE.search(output.get("text", "")):
                return found[1]
    return None


def verdicts(nb: NotebookNode) -> Iterator[Judged]:
    """Yield what each verdict in the outputs noted."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if record := output.get("metadata", {}).get("verdict"):
                yield read_judged(record)


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            joined.append(output)
    return joined


def _story(path, number, count, cell, error, stderr) -> str:
    raised = [output for output in cell.outputs if output.output_type == "error"]
    if raised:
        why = "\n".join(raised[-1].traceback)
    elif isinstance(error, DeadKernelError):
        stderr.seek(0)
        last_words = stderr.read().decode(errors="replace")[-2000:].strip()
        why = f"the kernel died, often for want of memory\n{last_words}".rstrip()
    else:
        why = str(error)
    return f"{path}, code cell {number} of {count}:\n\n{cell.source}\n\n{COLOURS.sub('', why)}"
