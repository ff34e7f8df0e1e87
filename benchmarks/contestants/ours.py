"""This product: over HTTP, or from a file of the same records."""

from benchmarks.contacts.engines import ContactSyncEngine
from benchmarks.task import Task
from ingestion.base.files import FileDataSource
from ingestion.base.plan import SyncPlan

PACKAGES = ("django", "psycopg", "aiohttp", "msgspec")


def load(task: Task, *, partitions: int = 0) -> None:
    """A full read. Raises RuntimeError when the run did not bring everything."""
    client = FileDataSource(task.file) if task.file else None
    plan = SyncPlan(full=True, batch_size=task.page, partitions=partitions)
    history = ContactSyncEngine(client=client).sync(plan)
    if (history.status, history.records_processed) != ("success", task.records):
        raise RuntimeError(f"{history.status}: {history.records_processed} records")
