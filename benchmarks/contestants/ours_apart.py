"""This product with `--high-performance`: what is read is prepared in a process of its own."""

from benchmarks.contestants import ours
from benchmarks.task import Task

PACKAGES = ours.PACKAGES


def load(task: Task) -> None:
    """A full read. Raises RuntimeError when the run did not bring everything."""
    ours.load(task, partitions=1)
