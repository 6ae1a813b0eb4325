"""Runs the cases of a script and prints one JSON line for each: what a client saw.

A case that raises is reported and does not stop the others. The address is in the PG* variables that every client
library reads.
"""

import asyncio
import hashlib
import json
import os
import select
import sys
import time
import traceback


class Cases:
    def __init__(self):
        self._cases = []

    def __call__(self, function):
        self._cases.append(function)
        return function

    def main(self):
        wanted = set(sys.argv[1:])
        unwanted = set(os.environ.get("WITHOUT", "").split())
        for function in self._cases:
            if function.__name__ in unwanted or (wanted and function.__name__ not in wanted):
                continue
            try:
                seen = function()
                if asyncio.iscoroutine(seen):
                    seen = asyncio.run(asyncio.wait_for(seen, case_seconds_max))
                report = {"case": function.__name__, "seen": plain(seen)}
            except Exception as error:
                print(traceback.format_exc(), file=sys.stderr)
                report = {"case": function.__name__, "raised": f"{type(error).__name__}: {error}"}
            print(json.dumps(report), flush=True)


case_seconds_max = 60


def plain(value):
    """Anything a driver returns as JSON that loses nothing that matters: types are named, bytes are hexadecimal."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return f"{type(value).__name__} {value!r}"


def digest(parts):
    """For answers too large to print."""
    found = hashlib.sha256()
    count = size = 0
    for part in parts:
        data = part.encode() if isinstance(part, str) else bytes(part)
        found.update(len(data).to_bytes(8, "big") + data)
        count += 1
        size += len(data)
    return {"parts": count, "bytes": size, "sha256": found.hexdigest()}


def raised(error_type, action):
    """What `action` raises; the case fails when it raises nothing or something else."""
    try:
        action()
    except error_type as error:
        return error
    raise AssertionError(f"{error_type.__name__} was not raised")


def ready(conn, done, seconds=10):
    """Waits for what the server says by itself, at the socket of `conn`, until it is all there."""
    end = time.monotonic() + seconds
    while not done():
        left = end - time.monotonic()
        if left <= 0:
            raise AssertionError(f"not there after {seconds} seconds")
        select.select([conn], [], [], min(left, 0.2))


def given(name):
    """What the test tells the script beside the address."""
    return os.environ[name]
