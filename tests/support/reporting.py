"""Skips are told with their reason; where nothing may be skipped (SREZ_CI=1) a skip is a failure.

But for checks against material that is handed round with the repository and is no part of it: its reason says "beside".
"""

import os
import re
from collections.abc import Generator
from typing import Any

import pytest

OUTSIDE = re.compile(r"beside (this checkout|the repository)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    report = yield
    if os.environ.get("SREZ_CI") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        reason = reason_of(report)
        if OUTSIDE.search(reason) is None:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped where nothing may be skipped (SREZ_CI=1): {reason}"
    return report


def reason_of(report: Any) -> str:
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("skipped, and why")
        for report in skipped:
            terminalreporter.line(f"{report.nodeid}: {reason_of(report)}")
