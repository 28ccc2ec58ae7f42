"""``… reading read|backtest FACTS FLOOR OUT``: decode every line of a file, or back-test it. Prints ``Took`` as JSON."""

import gc
import resource
import sys
import time
from pathlib import Path

import msgspec

from schemas.facts import decode
from schemas.floor import load
from services.lab.backtest.read import read
from services.lab.backtest.run import run
from services.lab.backtest.write import write
from services.lab.bench.told import Took


def main() -> None:
    kind, facts, floor_file, out = sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    floor = load(floor_file)
    gc.disable()  # as ``srez backtest`` does
    began = time.perf_counter()
    if kind == "read":
        with facts.open("rb") as file:
            number = sum(len(decode(line).id) > 0 for line in file)
    else:
        versions = read(facts, floor)
        write(run(floor, versions), out)
        number = len(versions)
    took = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = Took(seconds=took, facts=number, agents=len(floor.agents), peak_mb=peak_mb)
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")


if __name__ == "__main__":
    main()
