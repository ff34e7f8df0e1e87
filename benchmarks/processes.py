"""Starting what is measured: each load in a process of its own, the server beside them, peers in a venv."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, TimeoutExpired

import psutil

from benchmarks.contestants.registry import Contestant
from benchmarks.task import Answer, Task

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / ".venv-peers"
REQUIREMENTS = ROOT / "benchmarks" / "peers.txt"
DLT = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DATA_WRITER__DISABLE_COMPRESSION": "true"}


class ProcessFailed(Exception):
    """A process ended with an error, or did not end in time."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The lean server over a folder of prepared pages; its address."""
    command = [sys.executable, "-m", "benchmarks.server", str(folder)]
    server = psutil.Popen(command, cwd=ROOT, stdout=PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def peers_python() -> Path:
    """The interpreter of the peers' environment, which is made (again) when `peers.txt` has changed."""
    python, made = PEERS / "bin" / "python", PEERS / "made-from.txt"
    if not made.exists() or made.read_text() != REQUIREMENTS.read_text():
        print(f"making {PEERS.relative_to(ROOT)}", flush=True)
        run([sys.executable, "-m", "venv", "--clear", str(PEERS)], {}, 300)
        (PEERS / ".gitignore").write_text("*\n")
        pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        run([*pip, "-r", str(REQUIREMENTS)], {}, 900)
        made.write_text(REQUIREMENTS.read_text())
    return python


def run(command: list[str], environment: dict[str, str], limit: float) -> str:
    """What a process has printed. Raises ProcessFailed with the end of its complaint."""
    with tempfile.TemporaryFile("w+") as complaint:
        process = psutil.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=PIPE, stderr=complaint, text=True
        )
        try:
            printed, _ = process.communicate(timeout=limit)
        except TimeoutExpired:
            raise ProcessFailed(f"{command[1:4]} was not done after {limit:,.0f} s") from None
        finally:
            if process.is_running():
                process.kill()
                process.wait()
        if process.returncode:
            complaint.seek(0)
            raise ProcessFailed(f"{command[1:4]} ended with {process.returncode}\n{complaint.read()[-3000:]}")
    return str(printed)


def measured(contestant: Contestant, task: Task, limit: float) -> tuple[Answer, float]:
    """One load in a process of its own: what it says of itself, and its whole life in seconds."""
    environment = {"BENCH_DATABASE": task.database, "BENCH_API_URL": task.url}
    if contestant.django:
        environment["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    if contestant.peer:
        environment |= DLT | {"DLT_DATA_DIR": f"{task.folder}/dlt-data"}
    python = str(peers_python()) if contestant.peer else sys.executable
    command = [python, "-m", "benchmarks.child", contestant.module, task.as_text()]
    started = time.perf_counter()
    printed = run(command, environment, limit)
    whole = time.perf_counter() - started
    return Answer(**json.loads(printed.splitlines()[-1])), whole


def make_tables(database: str, limit: float) -> None:
    """The tables of this product and of the benchmark."""
    tables = Contestant("tables", "", "benchmarks.contestants.tables", ("", ""))
    measured(tables, Task(database, "", 0), limit)
