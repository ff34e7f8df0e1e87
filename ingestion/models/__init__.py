"""The framework's own tables; each source keeps its tables in its own app."""

from ingestion.models.base import SourceModel
from ingestion.models.common import SyncHistory
from ingestion.models.quarantine import RejectedRecord

__all__ = ["RejectedRecord", "SourceModel", "SyncHistory"]
