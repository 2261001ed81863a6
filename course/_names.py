"""The names that a piece of Python code binds, and those that it needs."""

import ast
import symtable


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell binds at its top level, and those that it needs from elsewhere.

    Of a name that one statement both reads and binds, only an assignment is taken to read it first.
    """
    gives, takes = set(), set()
    try:
        for statement in ast.parse(source).body:
            bound, read = _symbols(statement)
            if isinstance(statement, ast.AugAssign):
                read |= bound
            elif not isinstance(statement, (ast.Assign, ast.AnnAssign)):
                read -= bound
            takes |= read - gives
            gives |= bound
    except SyntaxError:
        pass  # %magic or !command: such a cell counts as empty
    return gives, takes


def _symbols(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The global names that a statement binds, and those that it reads, inside functions and classes too."""
    top = symtable.symtable(ast.unparse(statement), "cell", "exec")
    bound, read, tables = set(), set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if table is top or symbol.is_global():
                if symbol.is_assigned() or symbol.is_imported():
                    bound.add(symbol.get_name())
                if symbol.is_referenced():
                    read.add(symbol.get_name())
    return bound, read
