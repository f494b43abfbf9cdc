"""The sentences that the engine composes in English where things happen, read off its source.

A message or remedy of an error or a breach is a string or an f-string; `{rows:,} rows` becomes `{rows} rows`, the
pattern by which `dq_pipeline.language` knows the sentence again.
"""

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

# What is called with a message and a remedy, and the places of its arguments that are one.
_FIRST = ("ConfigError", "StageError", "DqError", "LockError", "BreachError", "NotTold", "warn")
_OF_FETCHING = ("AbsentError", "RefusedError", "BrokenError", "ReplacedError", "QueryError")
CALLS = dict.fromkeys((*_FIRST, *_OF_FETCHING), (0,)) | {"Breach": (2, 3)}
KEYWORDS = frozenset({"message", "remedy"})
_TRANSPARENT = frozenset({"len", "str", "sorted", "int", "round", "abs"})

Scope = Mapping[str, Sequence[ast.expr]]


def python_sentences(path: Path) -> Iterator[tuple[str, int]]:
    """Every sentence of a module and the line of the call that takes it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = _assigned(ast.Module([node for node in tree.body if isinstance(node, ast.Assign)], []))
    calls = CALLS | _helpers(tree)
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        scope = {**constants, **_assigned(function)}
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            for argument in _arguments(call, calls):
                for sentence in written(argument, scope):
                    if re.search(r"[a-z]{2}", re.sub(r"\{\w+\}", "", sentence)):
                        yield sentence, call.lineno


def gettext_messages(path: Path) -> Iterator[str | tuple[str, str]]:
    """What a module says through a catalogue, also within f-strings: a message, or a singular and its plural."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = _called(call) if isinstance(call, ast.Call) else ""
        if isinstance(call, ast.Call) and name in {"_", "gettext", "ngettext"}:
            texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if name == "ngettext" and len(texts) == 2:
                yield texts[0], texts[1]
            elif name != "ngettext" and texts:
                yield texts[0]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _helpers(tree: ast.Module) -> dict[str, tuple[int, ...]]:
    """A module's own functions that are given a message or a remedy, and the places of these."""
    found = {}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        places = tuple(place for place, one in enumerate(function.args.args) if one.arg in KEYWORDS)
        if places:
            found[function.name] = places
    return found


def _arguments(call: ast.Call, calls: Mapping[str, tuple[int, ...]]) -> list[ast.expr]:
    name = _called(call)
    if name not in calls:
        return []
    written = [call.args[place] for place in calls[name] if place < len(call.args)]
    return [*written, *(one.value for one in call.keywords if one.arg in KEYWORDS)]


def _assigned(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """Name -> what is assigned to it."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                found[target.id].append(node.value)
            elif isinstance(target, ast.Tuple) and isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                for name, value in zip(target.elts, node.value.elts, strict=False):
                    if isinstance(name, ast.Name):
                        found[name.id].append(value)
    return found


def written(node: ast.expr, scope: Scope, depth: int = 0) -> list[str]:
    """The sentences that an expression may be, each with {names} for what is not written."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return _joined(node, scope)
    if isinstance(node, ast.IfExp):
        return written(node.body, scope, depth) + written(node.orelse, scope, depth)
    if isinstance(node, ast.BoolOp):
        return [sentence for value in node.values for sentence in written(value, scope, depth)]
    if isinstance(node, ast.Name) and depth < 3:
        return [sentence for value in scope.get(node.id, ()) for sentence in written(value, scope, depth + 1)]
    return []


def _joined(node: ast.JoinedStr, scope: Scope) -> list[str]:
    sentences: list[tuple[str, tuple[str, ...]]] = [("", ())]
    for part in node.values:
        choices = written(part, scope) if isinstance(part, ast.Constant) else _choices(part, scope)
        if choices:
            sentences = [(text + choice, names) for text, names in sentences for choice in choices]
        else:
            sentences = [_with_name(text, names, _name(part)) for text, names in sentences]
    return [text for text, _ in sentences]


def _choices(part: ast.expr, scope: Scope) -> list[str]:
    """`{'s' if many else ''}` is either."""
    value = part.value if isinstance(part, ast.FormattedValue) else part
    return written(value, scope) if isinstance(value, ast.IfExp) else []


def _with_name(text: str, names: tuple[str, ...], name: str) -> tuple[str, tuple[str, ...]]:
    count = sum(re.fullmatch(rf"{name}\d*", other) is not None for other in names)
    unique = f"{name}{count + 1}" if count else name
    return f"{text}{{{unique}}}", (*names, unique)


def _name(node: ast.expr) -> str:
    """A word for what stands there."""
    if isinstance(node, ast.FormattedValue):
        return _name(node.value)
    if isinstance(node, ast.Name):
        return node.id.strip("_").lower()
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_")
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return re.sub(r"\W", "_", node.slice.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and node.func.id in _TRANSPARENT:
        return _name(node.args[0])
    return "value"


def sql_sentences(path: Path, columns: frozenset[str] = frozenset({"detail", "message"})) -> Iterator[tuple[str, int]]:
    """Every sentence that a SELECT composes with `||` in one of these columns, and 0 for its line."""
    for column in sqlglot.parse_one(path.read_text(encoding="utf-8"), read="duckdb").find_all(exp.Alias):
        if column.alias in columns:
            instead = [one.this for held in column.find_all(exp.Coalesce) for one in held.expressions if one.is_string]
            for sentence in dict.fromkeys([*_sql_written(column.this), *instead]):
                if re.search(r"[a-z]{2}", re.sub(r"\{\w+\}", "", sentence)):
                    yield re.sub(r"\{\}", _numbered(), sentence), 0


def _numbered() -> Callable[[re.Match[str]], str]:
    numbers = itertools.count(1)
    return lambda _: f"{{value{next(numbers)}}}"


def _sql_written(node: Any) -> list[str]:
    """The sentences that an expression of SQL may be, with {} for what is not written."""
    if isinstance(node, exp.Literal):
        return [node.this] if node.is_string else ["{}"]
    if isinstance(node, exp.DPipe):
        return [a + b for a in _sql_written(node.left) for b in _sql_written(node.right)]
    if isinstance(node, exp.Paren):
        return _sql_written(node.this)
    if isinstance(node, exp.Coalesce) and isinstance(node.this, exp.DPipe):
        return [sentence for one in (node.this, *node.expressions) for sentence in _sql_written(one)]
    if isinstance(node, exp.Case):
        branches = [one.args["true"] for one in node.args["ifs"]]
        branches += [node.args["default"]] if node.args.get("default") else []
        written = [sentence for branch in branches for sentence in _sql_written(branch)]
        return written if any(re.search("[a-z]{2}", one) for one in written) else ["{}"]
    return ["{}"]
