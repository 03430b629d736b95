"""The library as its sources say it is: which modules there are, what they import and what they use."""

import ast
import builtins
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def modules():
    """The modules of toolkit/ as syntax trees, named without the `toolkit.`; a package as its __init__."""
    found = {}
    for path in sorted((ROOT / "toolkit").rglob("*.py")):
        parts = path.relative_to(ROOT / "toolkit").with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(), str(path))
    del found[""]
    return found


@cache
def uses(name):
    """What the module names of the world outside it, in full: imports, `os.environ`, `print`, `.write_text`.

    What only type checkers see is left out. Methods stand by themselves, with a dot in front, for the class
    of an object is not known here; `open` and `.open` stand as `open:MODE`.
    """
    found = _Uses()
    found.visit(modules()[name])
    found.visit(modules()[name])  # a function may use what is imported below it
    return found.names


@cache
def imports(name):
    """The modules of the library that the module imports, in a function too."""
    inside = {used.removeprefix("toolkit.") for used in uses(name) if used.startswith("toolkit.")}
    return {_module(path) for path in inside} - {name, ""}


def _module(path):
    """The module that a dotted path leads to: a path may end in what a module defines."""
    while path and path not in modules():
        path = path.rpartition(".")[0]
    return path


class _Uses(ast.NodeVisitor):
    def __init__(self):
        self.names = set()
        self._means = {}

    def visit_If(self, node):
        for part in node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else ast.iter_child_nodes(node):
            self.visit(part)

    def visit_Import(self, node):
        for alias in node.names:
            self.names.add(alias.name)
            top = alias.name.partition(".")[0]
            self._means[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node):
        assert not node.level, "imports are absolute"
        for alias in node.names:
            self.names.add(f"{node.module}.{alias.name}")
            self._means[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_Attribute(self, node):
        self.names.add(self._dotted(node) or f".{node.attr}")
        self.generic_visit(node)

    def visit_Name(self, node):
        if node.id in self._means or hasattr(builtins, node.id):
            self.names.add(self._means.get(node.id, node.id))

    def visit_Call(self, node):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "open":
            words = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
            texts = [word.value for word in words if isinstance(getattr(word, "value", None), str)]
            self.names.add(f"open:{texts[0] if texts else 'r'}")
        self.generic_visit(node)

    def _dotted(self, node):
        """The full name of `a.b.c`, if `a` was imported."""
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        known = isinstance(node, ast.Name) and self._means.get(node.id)
        return ".".join([known, *reversed(parts)]) if known else None
