"""Which benches there are, and running them one after another, each on a stack of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.kit.errors import BadInput, SrezError
from services.lab.bench import counting, freshness, looking_back, replay, webhooks
from services.lab.bench.result import Result
from services.lab.bench.stack import FreshStack

Bench = Callable[[FreshStack, float], Result]

BENCHES: Final[Mapping[str, Bench]] = {
    "B1": webhooks.bench,
    "B2": counting.bench,
    "B3": freshness.bench,
    "B5": looking_back.close,
    "B6": replay.bench,
    "B9": looking_back.pages,
}


def run(
    names: Sequence[str], fresh: FreshStack, *, scale: float = 1.0, say: Callable[[str], object] = lambda _: None
) -> list[Result]:
    """Run the named benches (all when none is named).

    Args:
        scale: below 1 shortens every bench; figures of short runs are rough.
        say: told which bench begins.
    A bench that cannot run gives a result that says why, and the others go on.
    Raises: BadInput for an unknown name.
    """
    wanted = [name.upper() for name in names] or list(BENCHES)
    if unknown := [name for name in wanted if name not in BENCHES]:
        raise BadInput(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}", "bad_value")
    results = []
    for name in wanted:
        say(f"{name} …")
        try:
            results.append(BENCHES[name](fresh, scale))
        except (SrezError, OSError, TimeoutError) as error:
            results.append(
                Result(bench=name, what="could not be run", goal="", figures=[], reached=None, notes=[str(error)])
            )
    return results
