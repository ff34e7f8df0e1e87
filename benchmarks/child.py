"""A measured process: `python -m benchmarks.child MODULE TASK` loads once, and says what it took.

Imports and Django's set-up are not the load; they count in the process, which the runner times.
"""

import importlib
import json
import os
import resource
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.task import Answer, Task


def peak() -> float:
    """The most memory this process has held, in MiB."""
    status = Path("/proc/self/status")
    if not status.exists():  # ru_maxrss may be that of the process that started us
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def cpu() -> float:
    """Seconds of processor time so far, of this process and of those it has started and ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main(module: str, text: str) -> Answer:
    """Load once."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        importlib.import_module("django").setup()
    contestant = importlib.import_module(module)
    task = Task(**json.loads(text))
    started = time.perf_counter()
    contestant.load(task)
    seconds = time.perf_counter() - started
    return Answer(seconds, cpu(), peak(), {name: version(name) for name in contestant.PACKAGES})


if __name__ == "__main__":
    print(json.dumps(asdict(main(*sys.argv[1:]))))
