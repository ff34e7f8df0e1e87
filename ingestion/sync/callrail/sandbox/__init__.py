"""CallRail accounts in memory that answer as the real service does."""

from ingestion.sync.callrail.sandbox.fake import FakeCallRail

FAKE = FakeCallRail

__all__ = ["FAKE", "FakeCallRail"]
