"""Where the contacts come from: the lean server's pages, at full speed."""

from collections.abc import Sequence

from benchmarks.contacts.processors import ContactProcessor
from ingestion.base.client import BaseAPIClient, Stage
from ingestion.base.datasource import Resource
from ingestion.base.pagination import Cursor, Request
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.base.window import Window


class ContactClient(BaseAPIClient):
    """The lean server; it asks for no credentials and sets no rate."""

    url_setting = "BENCH_API_URL"
    paging = "keyset"
    resumable = True

    def stages(self, resource: Resource, window: Window) -> Sequence[Stage]:
        """One list, paged by a cursor."""
        del window
        pages = Cursor("paging.next.after", "after", count=self.page_size, paging="keyset")
        return [Stage("list", Request(resource.name), pages, "results")]


class ContactSyncEngine(BaseSyncEngine):
    """Contacts."""

    crm_source = "bench"
    sync_type = "contacts"
    resource = Resource("contacts", cursor="properties.lastmodifieddate")
    client_class = ContactClient
    processor_class = ContactProcessor
