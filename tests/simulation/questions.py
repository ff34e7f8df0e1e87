"""Questions that are asked after every step: each is composed once, for all worlds of a process."""

from functools import lru_cache
from types import SimpleNamespace

from django.db import connections

from ingestion.models import RejectedRecord, SyncHistory
from tests.shop.models import ShopCustomer

COUNTS = ("processed", "created", "updated", "unchanged", "skipped", "failed", "deleted")
ROW = (
    "name",
    "email",
    "city",
    "visits",
    "vip",
    "balance",
    "tags",
    "extra",
    "updated_at",
    "source_deleted_at",
    "sync_updated_at",
)
CLOSED = ("status", "end_time", "watermark", *(f"records_{name}" for name in COUNTS))
RUN = ("pk", "start_time", "heartbeat_at", "lease", "configuration", *CLOSED)
KEPT = ("digest", "payload")


class Question:
    """A queryset of values as the text of its statement, and what its columns are."""

    def __init__(self, using, queryset):
        self.connection = connections[using]
        self.compiler = queryset.query.get_compiler(using)
        self.statement = self.compiler.as_sql()
        self.converters = self.compiler.get_converters([column for column, *_ in self.compiler.select])

    def answer(self):
        with self.connection.cursor() as cursor:
            cursor.execute(*self.statement)
            return list(self.compiler.apply_converters(cursor.fetchall(), self.converters))


class Questions:
    """What the oracle wants to know of a database."""

    def __init__(self, using):
        history = SyncHistory.objects.order_by("pk")
        self.history = Question(using, history.values_list(*RUN))
        self.stored = Question(using, ShopCustomer.all_objects.values_list("id", *ROW))
        self.quarantine = Question(using, RejectedRecord.objects.waiting().values_list(*KEPT))
        self.running = Question(using, history.filter(status="running").values_list("lease", "heartbeat_at"))

    def runs(self):
        """All runs, the oldest first."""
        return [SimpleNamespace(**dict(zip(RUN, each, strict=True))) for each in self.history.answer()]

    def rows(self):
        """Key → stored values, deleted rows too."""
        return {key: dict(zip(ROW, values, strict=True)) for key, *values in self.stored.answer()}

    def waiting(self):
        """Digest → the payload of a record that waits in quarantine."""
        return dict(self.quarantine.answer())

    def holders(self):
        """The lease of the run that is at work, if one is, and when it was heard of."""
        return self.running.answer()


questions_to = lru_cache(Questions)
