"""A database that looks like Genius's, oddities included."""

from ingestion.sync.genius.sandbox.database import FakeGenius

FAKE = FakeGenius

__all__ = ["FAKE", "FakeGenius"]
