"""The reference of the package as pages, from signatures and docstrings; nothing is imported."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WING = {"upkeep", "doctor", "cell_order", "lab", "solutions", "cli"}  # no notebook imports it
PART = re.compile(r"(Shapes|Units|Transforms|Raises|Source|[a-z_]\w*(?:, [a-z_]\w*)*): (.*)")  # or names of arguments
DEFINED = ast.FunctionDef | ast.ClassDef
LONGEST = 60  # characters of a constant that is shown


class Shown(NamedTuple):
    """Something that a room gives: its name, what defines it, and the file."""

    name: str
    node: ast.stmt
    path: Path


def find_rooms(package: Path) -> dict[str, Path]:
    """Return the files of the package's rooms by their names: modules, or the `__init__` of folders."""
    files = [*package.glob("[a-z]*.py"), *package.glob("[a-z]*/__init__.py")]
    rooms = {path.parent.name if path.name == "__init__.py" else path.stem: path for path in files}
    return {name: rooms[name] for name in sorted(rooms) if name not in WING}


def room_page(name: str, path: Path) -> str:
    """Return the page of a room: what it is, and all that it gives, in the order of its face or of its code."""
    tree = _parse(path)
    lines = [f"# `course.{name}`", "", _markdown(ast.get_docstring(tree) or ""), ""]
    shown = list(_face(tree, path))
    if not shown and path.name == "__init__.py":  # its modules are imported one by one
        for file in sorted(path.parent.glob("[a-z]*.py")):
            inner = _parse(file)
            told = [_described(f"course.{name}.{file.stem}", one) for one in _face(inner, file)]
            if told:
                lines += [f"## `{file.stem}`", "", _markdown(ast.get_docstring(inner) or ""), "", *told]
    lines += [_described(f"course.{name}", one) for one in shown]
    return "\n".join(lines) + "\n"


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _face(tree: ast.Module, path: Path) -> Iterator[Shown]:
    """What a room gives: its own public names, and those that the `__all__` of a folder lists."""
    own = {one.name: one for one in _public(tree, path)}
    listed = own.pop("__all__", None)
    names = ast.literal_eval(listed.node.value) if listed else []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and {name.name for name in node.names} & set(names):
            source = path.parents[1].joinpath(*node.module.split(".")[1:]).with_suffix(".py")
            given = {one.name: one for one in _public(_parse(source), source)}
            yield from (given[name.name] for name in node.names if name.name in names)
    yield from (one for one in own.values() if isinstance(one.node, DEFINED))


def _public(tree: ast.Module, path: Path) -> Iterator[Shown]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
        names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
        if isinstance(node, DEFINED):
            names = [node.name]
        elif not isinstance(node, ast.Assign | ast.AnnAssign):
            names = []
        yield from (Shown(name, node, path) for name in names if name == "__all__" or not name.startswith("_"))


def _described(module: str, shown: Shown, depth: int = 0) -> str:
    """A directive of Sphinx's Python domain, with the docstring in it, and that of each public method."""
    node, fence = shown.node, ":" * (7 - depth)
    inside = []
    if isinstance(node, ast.FunctionDef):
        kind, signature = "method" if depth else "function", _signature(node, skip=depth)
    elif isinstance(node, ast.ClassDef):
        kind, signature = "class", _fields(node)
        inside = [
            _described(module, Shown(one.name, one, shown.path), depth + 1)
            for one in node.body
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and ast.get_docstring(one)
        ]
    else:
        kind, signature = "data", ""
        one = node.value and not isinstance(getattr(node, "targets", [None])[0], ast.Tuple)
        value = " ".join(ast.unparse(node.value).split()) if one else ""
        inside = [f"= `{value}`"] if 0 < len(value) <= LONGEST and "`" not in value else []
    text = _markdown(ast.get_docstring(node) or "") if isinstance(node, DEFINED) else ""
    head = f"{fence}{{py:{kind}}} {shown.name}{signature}"
    options = [f":module: {module}", ""] if not depth else [""]
    return "\n".join([head, *options, text, "", *inside, fence, ""])


def _signature(node: ast.FunctionDef, skip: int = 0) -> str:
    """The arguments as they are written; skip: how many of the first are left out, such as self."""
    decorators = {getattr(one, "id", "") for one in node.decorator_list}
    arguments = ast.parse(f"def f({ast.unparse(node.args)}): ...").body[0].args
    places = arguments.posonlyargs or arguments.args
    del places[: skip if "staticmethod" not in decorators else 0]
    if "property" in decorators:
        return ""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(arguments)}){returns}"


def _fields(node: ast.ClassDef) -> str:
    """How a class is made: by its `__init__`, or by the fields of a NamedTuple or a dataclass."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return _signature(one, skip=1).removesuffix(" -> None")
    fields = [ast.unparse(one) for one in node.body if isinstance(one, ast.AnnAssign)]
    return f"({', '.join(field.replace('=', ' = ') if '=' not in field else field for field in fields)})"


def _markdown(docstring: str) -> str:
    """A docstring as Markdown: its lines that begin with a part's name stand apart, what is indented is code."""
    blocks = []
    for block in re.split(r"\n\s*\n", docstring.strip()):
        lines = block.splitlines()
        if lines and all(line.startswith("    ") for line in lines):
            blocks.append("```text\n" + "\n".join(line[4:] for line in lines) + "\n```")
            continue
        words: list[str] = []
        for line in lines:
            found = PART.match(line)
            if found and (words or blocks):
                blocks += [_safe(" ".join(words), part=bool(blocks))] if words else []
                words = []
            words.append(line.strip())
        blocks.append(_safe(" ".join(words), part=bool(blocks)))
    return "\n\n".join(blocks)


def _safe(text: str, part: bool) -> str:
    """Text in which only `code` is marked, and the name of a part that it may begin with."""
    found = PART.match(text) if part else None
    head, text = (f"**{found[1]}**: ", found[2]) if found else ("", text)
    pieces = re.split(r"(`[^`]+`)", text)
    pieces[::2] = [re.sub(r"([\\*_<>\[\]$|#{}~])", r"\\\1", piece) for piece in pieces[::2]]
    return head + "".join(pieces)
