"""Repair: what a verification has found is synced once more, those keys alone, under the entity's lease.

The same engine over the same client, whose pages are filtered: a record changed meanwhile is taken as it is
now. The run moves no watermark. Rows that the source does not have are deleted as a sweep would do it.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from ingestion.base.datasource import DataSource, Resource
from ingestion.base.deletes import SeenKeys, check_sweep
from ingestion.base.plan import RejectLimit, SyncPlan
from ingestion.base.processor import BaseProcessor
from ingestion.base.records import Key, Page, Position, Record, key_text
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.verify import Verification
from ingestion.base.window import Window
from ingestion.models.common import SyncHistory
from ingestion.registry import Engine


class OnlyThese(DataSource):
    """Another client's records of some keys; those without a readable key where `unreadable` asks for them.

    `gone` are keys that the source did not have; one that comes after all is taken off it, and synced.
    """

    def __init__(
        self, client: DataSource, processor: BaseProcessor, found: Verification, gone: Sequence[Key]
    ) -> None:
        self.client = client
        self.processor = processor
        self.keys = {key_text(key) for key in (*found.missing, *found.different)}
        self.unreadable = found.unkept > 0
        self.gone = {key_text(key): key for key in gone}
        self.__dict__.update(kind=client.kind, paging=client.paging, resumable=False)

    async def __aenter__(self) -> "OnlyThese":
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.client.__aexit__(*exc_info)

    def identity(self) -> str:
        """The other client's."""
        return self.client.identity()

    def parts(self, resource: Resource) -> tuple[str, ...]:
        """The other client's."""
        return self.client.parts(resource)

    async def read(
        self, resource: Resource, window: Window, position: Position | None = None
    ) -> AsyncGenerator[Page, None]:
        """Everything is read, and what was asked for is handed over."""
        del position
        async for page in self.client.read(resource, window):
            if records := [record for record in page.records if self.wanted(record)]:
                yield replace(page, records=records, position=None)

    def wanted(self, record: Record) -> bool:
        """Whether this record was asked for."""
        key = self.processor.read_key(record)
        if key is None:
            return self.unreadable
        text = key_text(key)
        if text in self.gone and not self.processor.says_gone(record):
            del self.gone[text]
            return True
        return text in self.keys


class Repairing(BaseSyncEngine):
    """Mixed into an engine: at the end of the read, the rows that the source does not have are deleted."""

    client: OnlyThese
    live_rows = 0

    async def delete_missing(self, window: Window) -> None:
        """Raises SafetyStop when too much would go without leave."""
        del window
        missing = list(self.client.gone.values())
        seen = SeenKeys()
        seen.add([("the source was not empty",)] if self.live_rows > len(missing) else [])
        try:
            check_sweep(seen, missing, self.live_rows, allowed=self.plan.allow_deletes, where=self.title)
        finally:
            seen.close()
        await self.bury(missing)


def repair(
    engine: Engine,
    found: Verification,
    plan: SyncPlan,
    *,
    client: DataSource | None = None,
) -> SyncHistory:
    """Sync what a verification has found. Answers the closed history row.

    Rows are deleted only where the entity's `deletes` is not `ignore`. Raises what a run raises, LeaseRefused
    when another one is at work.
    """
    orders = replace(
        plan,
        full=False,
        replay=True,
        max_rejected=RejectLimit(share=None, count=found.source + found.unkept),
        options={**plan.options, "repair": True},
    )
    inner = client or engine.client_class.from_plan(plan, engine.resource)
    gone = found.extra if engine.deletes != "ignore" else []
    only = OnlyThese(inner, engine.processor_class(validate=not plan.skip_validation), found, gone)
    repairing: Engine = type(engine.__name__, (Repairing, engine), {"live_rows": found.target})
    return repairing(client=only).sync(orders)
