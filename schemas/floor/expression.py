"""JMESPath expressions of a floor file. What can be wrong with one is found when the file is read.

``check`` also refuses unknown functions and a wrong number of arguments, which JMESPath itself finds only when it
meets a body.
"""

import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, Final

import jmespath
from jmespath.exceptions import IncompleteExpressionError, LexerError, ParseError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult
from pydantic import AfterValidator, Field

LONGEST: Final = 1000
_FUNCTIONS: Final[dict[str, Any]] = Functions.FUNCTION_TABLE
_BROKEN: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What the parser raises on nonsense besides its own errors, which are ValueErrors."""


@lru_cache(maxsize=4096)
def compiled(expression: str) -> ParsedResult:
    """Raises: ValueError."""
    try:
        with warnings.catch_warnings(action="ignore"):  # `word` for `"word"` is deprecated, and what many people write
            return jmespath.compile(expression)
    except _BROKEN as error:
        raise ValueError(f"{expression!r} is no JMESPath expression: {_why(error)}") from error


def check(expression: str) -> str:
    """The expression itself. Raises: ValueError."""
    for node in _nodes(compiled(expression).parsed):
        if node["type"] == "function_expression":
            _check_call(expression, node)
    return expression


Expression = Annotated[str, Field(min_length=1, max_length=LONGEST, description="JMESPath"), AfterValidator(check)]


def _check_call(expression: str, node: Any) -> None:
    name, given = node["value"], len(node["children"])
    if name not in _FUNCTIONS:
        raise ValueError(f"{expression!r}: JMESPath has no function {name}()")
    signature = _FUNCTIONS[name]["signature"]
    variadic = bool(signature) and bool(signature[-1].get("variadic"))
    if given < len(signature) or (given > len(signature) and not variadic):
        least = "at least " if variadic else ""
        raise ValueError(f"{expression!r}: {name}() takes {least}{len(signature)} arguments, {given} given")


def _nodes(node: Any) -> Iterator[Any]:
    """The syntax tree flat; not recursive, as deep as the parser itself can go."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict) and "type" in found:
            yield found
            waiting.extend(found.get("children", ()))


def _why(error: Exception) -> str:
    match error:
        case IncompleteExpressionError():
            return "it ends too early"
        case LexerError():
            return f"{str(error.message)[:100]} at character {error.lexer_position + 1}"
        case ParseError():
            return f"{str(error.token_value)[:40]!r} at character {error.lex_position + 1} is not expected"
    return "it cannot be read"
