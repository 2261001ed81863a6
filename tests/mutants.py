"""Small mechanical changes to a function or class: what a check of its answers has to notice."""

import ast
import copy
import inspect
import textwrap
from collections.abc import Iterator

OTHERS = {  # instead of the key each of the values
    **{ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.MatMult: [ast.Mult]},
    **{ast.Pow: [ast.Mult], ast.FloorDiv: [ast.Mod], ast.Mod: [ast.FloorDiv], ast.USub: [ast.UAdd]},
    **{ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE]},
    **{ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is]},
    **{ast.And: [ast.Or], ast.Or: [ast.And], ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd]},
}
NAMES = {"argmax": "argmin", "max": "min", "min": "max", "mean": "sum", "sum": "mean", "find": "rfind", "rfind": "find"}


def mutants(function: object) -> Iterator[tuple[str, object]]:
    """Yield each change as the line that it gives, with the function or class that has it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    namespace = vars(inspect.getmodule(function))
    for place, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            twin = next(other for number, other in enumerate(ast.walk(changed)) if number == place)
            change(twin)
            line = getattr(twin, "lineno", None)
            new = ast.unparse(ast.fix_missing_locations(changed))
            old_lines, new_lines = ast.unparse(tree).splitlines(), new.splitlines()
            old_line, new_line = next((a, b) for a, b in zip(old_lines, new_lines) if a != b)
            made: dict[str, object] = {}
            exec(compile(new, f"<mutant, line {line}>", "exec"), {**namespace}, made)
            dropped = new_line.strip() == "pass"
            yield f"without {old_line.strip()}" if dropped else new_line.strip(), made[function.__name__]


def _changes(node: ast.AST) -> Iterator:
    for kind in ("op", "ops"):
        operator = getattr(node, kind, None)
        operators = operator if isinstance(operator, list) else [operator]
        for place, one in enumerate(operators):
            for other in OTHERS.get(type(one), []):
                yield lambda twin, kind=kind, place=place, other=other: _set_operator(twin, kind, place, other())
    if isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            yield lambda twin, value=value: setattr(twin, "value", value)
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield lambda twin: setattr(twin, "attr", NAMES[twin.attr])
    if isinstance(node, ast.Name) and node.id in NAMES:
        yield lambda twin: setattr(twin, "id", NAMES[twin.id])
    for block in ("body", "orelse"):
        lines = getattr(node, block, None)
        if isinstance(lines, list) and not isinstance(node, ast.Module):
            for place in range(len(lines)):
                yield lambda twin, block=block, place=place: getattr(twin, block).__setitem__(place, ast.Pass())


def _set_operator(twin: ast.AST, kind: str, place: int, other: ast.AST) -> None:
    if kind == "ops":
        twin.ops[place] = other
    else:
        twin.op = other


def _other_values(value: object) -> list:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [2 * value + 1, value / 2 - 1]
    return []
