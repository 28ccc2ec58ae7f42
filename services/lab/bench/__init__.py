"""Benchmarks against yardsticks of the same run (DESIGN §8): ``srez bench [NAME…] [--json FILE]``.

Services never import each other, and the lab starts no servers: it drives services as processes and is handed what they
stand on. For whoever owns the embedded servers (services/local) the interface is::

    from services.lab import bench

    @contextmanager
    def fresh_stack() -> Iterator[bench.Stack]:
        # a *new, empty* broker and a *new, migrated, empty* database, thrown away afterwards: benches fill them
        yield bench.Stack(postgres_dsn=…, kafka_bootstrap=…, environment={"SREZ_KAFKA_DURABLE": "false"}, wrap=bound)

    results = bench.run(["B1"], fresh_stack, scale=1.0, say=print)     # [] runs all
    app.command("bench")(commands.bench_with(fresh_stack))              # the typer command, table and JSON included

``environment`` is given to every service (and PATH, HOME and the like from ours); ``wrap`` turns a command line into one
whose process dies with ours (``services.local.child.bound``). Each bench asks for one fresh stack of its own.
"""

from services.lab.bench.result import Figure, Result
from services.lab.bench.runner import BENCHES, run
from services.lab.bench.stack import FreshStack, Stack

__all__ = ["BENCHES", "Figure", "FreshStack", "Result", "Stack", "run"]
