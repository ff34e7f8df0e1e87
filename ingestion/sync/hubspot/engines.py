"""Where HubSpot's entities come from."""

from ingestion.base.datasource import Resource
from ingestion.base.files import FILE, FileDataSource
from ingestion.base.plan import SWEEP
from ingestion.base.sync_engine import BaseSyncEngine
from ingestion.sync.hubspot.processors import HubSpotZipCodeProcessor


class HubSpotZipCodeSyncEngine(BaseSyncEngine):
    """ZIP codes from a CSV file; `--sweep` makes the file the whole truth."""

    crm_source = "hubspot"
    sync_type = "zipcodes"
    resource = Resource("zipcodes", options={"header": str.lower})
    client_class = FileDataSource
    processor_class = HubSpotZipCodeProcessor
    options = (FILE, SWEEP)
