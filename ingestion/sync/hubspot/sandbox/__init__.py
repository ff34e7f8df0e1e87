"""A HubSpot portal in memory that answers as the real service does."""

from ingestion.sync.hubspot.sandbox.fake import FakeHubSpot

FAKE = FakeHubSpot

__all__ = ["FAKE", "FakeHubSpot"]
