"""Each entity: its model, and two classes of a few lines. No table of Chinook has a time of change."""

import re

from ingestion.base.database import DatabaseDataSource, Table
from ingestion.base.processor import BaseProcessor
from ingestion.base.sync_engine import BaseSyncEngine
from tests.chinook import models


def snake(name):
    """`InvoiceLineId` → `invoice_line_id`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class ChinookSource(DatabaseDataSource):
    settings = "CHINOOK_DB"


class ChinookSyncEngine(BaseSyncEngine):
    crm_source = "chinook"
    client_class = ChinookSource
    deletes = "sweep"


class ArtistProcessor(BaseProcessor):
    model = models.Artist


class ArtistSyncEngine(ChinookSyncEngine):
    sync_type = "artists"
    resource = Table("Artist", rename=snake)
    processor_class = ArtistProcessor


class GenreProcessor(BaseProcessor):
    model = models.Genre


class GenreSyncEngine(ChinookSyncEngine):
    sync_type = "genres"
    resource = Table("Genre", rename=snake)
    processor_class = GenreProcessor


class MediaTypeProcessor(BaseProcessor):
    model = models.MediaType


class MediaTypeSyncEngine(ChinookSyncEngine):
    sync_type = "media_types"
    resource = Table("MediaType", rename=snake)
    processor_class = MediaTypeProcessor


class PlaylistProcessor(BaseProcessor):
    model = models.Playlist


class PlaylistSyncEngine(ChinookSyncEngine):
    sync_type = "playlists"
    resource = Table("Playlist", rename=snake)
    processor_class = PlaylistProcessor


class AlbumProcessor(BaseProcessor):
    model = models.Album


class AlbumSyncEngine(ChinookSyncEngine):
    sync_type = "albums"
    resource = Table("Album", rename=snake)
    processor_class = AlbumProcessor
    after = ("artists",)


class TrackProcessor(BaseProcessor):
    model = models.Track


class TrackSyncEngine(ChinookSyncEngine):
    sync_type = "tracks"
    resource = Table("Track", rename=snake)
    processor_class = TrackProcessor
    after = ("albums", "genres", "media_types")


class PlaylistTrackProcessor(BaseProcessor):
    model = models.PlaylistTrack
    key = ("playlist_id", "track_id")


class PlaylistTrackSyncEngine(ChinookSyncEngine):
    sync_type = "playlist_tracks"
    resource = Table("PlaylistTrack", rename=snake)
    processor_class = PlaylistTrackProcessor
    after = ("playlists", "tracks")


class CustomerProcessor(BaseProcessor):
    model = models.Customer


class CustomerSyncEngine(ChinookSyncEngine):
    sync_type = "customers"
    resource = Table("Customer", rename=snake)
    processor_class = CustomerProcessor


class EmployeeProcessor(BaseProcessor):
    model = models.Employee


class EmployeeSyncEngine(ChinookSyncEngine):
    sync_type = "employees"
    resource = Table("Employee", rename=snake)
    processor_class = EmployeeProcessor


class InvoiceProcessor(BaseProcessor):
    model = models.Invoice


class InvoiceSyncEngine(ChinookSyncEngine):
    sync_type = "invoices"
    resource = Table("Invoice", rename=snake)
    processor_class = InvoiceProcessor
    after = ("customers",)


class InvoiceLineProcessor(BaseProcessor):
    model = models.InvoiceLine


class InvoiceLineSyncEngine(ChinookSyncEngine):
    sync_type = "invoice_lines"
    resource = Table("InvoiceLine", rename=snake)
    processor_class = InvoiceLineProcessor
    after = ("invoices", "tracks")


class ReadingProcessor(BaseProcessor):
    model = models.Reading
    timestamp_field = "updated_at"


class ReadingSyncEngine(ChinookSyncEngine):
    sync_type = "readings"
    resource = Table("order", cursor="updated_at", fallback="added_on", zero_is_null=("owner_id",))
    processor_class = ReadingProcessor
    deletes = "sweep"
