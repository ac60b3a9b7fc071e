"""The ways in which code is broken: each gives one edit of the source, as a careless hand would make it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPS: dict[type[ast.AST], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
_TOLD = {"debug", "info", "warning", "error", "exception"}
_NOT_BEHAVIOUR = {"description", "title", "repr"}
_LIMITS = {"ge", "gt", "le", "lt", "min_length", "max_length"}
"""A setting's limits: that there is one matters, and is tested; 7680 or 7681 does not."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit: bytes ``start`` to ``end`` of a module's source become ``new``."""

    start: int
    end: int
    line: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """What it is called in a report and among the results that are kept."""
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{old[:70]}  ->  {new[:70]}"

    def applied_to(self, source: bytes) -> bytes:
        """The broken source."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def mutants_of(source: bytes) -> list[Mutant]:
    """Every mutant of a module, in the order of its source. Annotations, docstrings and sentences are left alone."""
    return sorted(set(_Breaker(source).mutants(ast.parse(source))), key=lambda mutant: (mutant.start, mutant.new))


class _Breaker:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def mutants(self, node: ast.AST) -> Iterator[Mutant]:
        yield from self._own(node)
        for child in _living_parts(node):
            yield from self.mutants(child)

    def _own(self, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, ast.Compare):
            yield from self._comparison(node)
        elif isinstance(node, ast.BoolOp):
            yield from self._swap(node, _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or()))
        elif isinstance(node, ast.BinOp) and type(node.op) in _SWAPS:
            yield self._between(node.left, node.right, type(node.op))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield from self._swap(node, node.operand)
        elif isinstance(node, ast.If | ast.IfExp):
            yield from self._swap(node.test, ast.Constant(value=True))
            yield from self._swap(node.test, ast.Constant(value=False))
        elif isinstance(node, ast.Constant):
            yield from self._constant(node)
        elif isinstance(node, ast.stmt):
            yield from self._statement(node)

    def _comparison(self, node: ast.Compare) -> Iterator[Mutant]:
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            yield self._between(left, right, type(operator))

    def _constant(self, node: ast.Constant) -> Iterator[Mutant]:
        value = node.value
        if isinstance(value, bool):
            yield from self._swap(node, ast.Constant(not value))
        elif isinstance(value, int | float):
            yield from self._swap(node, ast.Constant(value + 1))
        elif isinstance(value, str) and value and not any(letter.isspace() for letter in value):
            yield from self._swap(node, ast.Constant("XX" + value))

    def _statement(self, node: ast.stmt) -> Iterator[Mutant]:
        if isinstance(node, ast.Return) and node.value is not None:
            if not (isinstance(node.value, ast.Constant) and node.value.value is None):
                yield from self._swap(node.value, ast.Constant(None))
        elif isinstance(node, ast.Break | ast.Continue):
            yield from self._swap(node, ast.Continue() if isinstance(node, ast.Break) else ast.Break())
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            yield from self._swap(node, _with(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()))
        elif isinstance(node, ast.Raise) or _is_effect(node):
            yield from self._swap(node, ast.Pass())

    def _swap(self, old: ast.expr | ast.stmt, new: ast.AST) -> Iterator[Mutant]:
        text = ast.unparse(new)
        start, end = self._span(old)
        yield self._mutant(start, end, f"({text})" if isinstance(old, ast.expr) else text, old.lineno)

    def _between(self, left: ast.expr, right: ast.expr, operator: type[ast.AST]) -> Mutant:
        """The operator that stands between two expressions; brackets around them stay where they are."""
        start, end = self._span(left)[1], self._span(right)[0]
        between = self._source[start:end].decode()
        kept_before = between[: len(between) - len(between.lstrip(") \n"))]
        kept_after = between[len(between.rstrip("( \n")) :]
        return self._mutant(start, end, f"{kept_before} {_SWAPS[operator]} {kept_after}", right.lineno)

    def _mutant(self, start: int, end: int, new: str, line: int) -> Mutant:
        return Mutant(start, end, line, self._source[start:end].decode(), new)

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.lineno - 1] + node.col_offset, self._lines[node.end_lineno - 1] + node.end_col_offset


def _living_parts(node: ast.AST) -> Iterator[ast.AST]:
    """What of a node's parts can change what the program does."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "exc", "cause", "decorator_list", "type_params"}:
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST) and not _is_words(part):
                yield part


def _is_words(node: ast.AST) -> bool:
    """Docstrings, imports, what is logged, descriptions, types' own words, and the text of an f-string."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.keyword):
        return node.arg in _NOT_BEHAVIOUR | _LIMITS
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id == "Literal"
    if isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "_log" for target in node.targets
    ):
        return True
    return isinstance(node, ast.Expr) and (isinstance(node.value, ast.Constant) or _is_log_call(node.value))


def _is_log_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TOLD


def _is_effect(node: ast.stmt) -> bool:
    """A call for its effect, or what an object keeps: left out, it leaves a program that runs."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if not isinstance(node, ast.Assign):
        return False
    return isinstance(node.targets[0], ast.Attribute | ast.Subscript)


def _with(node: ast.BoolOp | ast.AugAssign, op: ast.AST) -> ast.AST:
    fields = dict(ast.iter_fields(node)) | {"op": op}
    return type(node)(**fields)
