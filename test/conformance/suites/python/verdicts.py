"""A plugin of pytest that writes what came of each test, one JSON line each, as soon as it is known."""

import json
import os

_file = open(os.environ["VERDICTS"], "a", buffering=1, encoding="utf-8")
_told = {}


def pytest_runtest_logreport(report):
    """A test has three phases: the first that does not pass decides, else the call itself."""
    if report.passed and report.when != "call":
        return
    if report.when == "teardown" and report.passed:
        return
    if _told.get(report.nodeid) == "failed":
        return
    _told[report.nodeid] = report.outcome
    why = ""
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        why = crash.message if crash is not None else str(report.longrepr)
    _file.write(json.dumps({"test": report.nodeid, "outcome": report.outcome, "why": why[:500]}) + "\n")
