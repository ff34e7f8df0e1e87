"""What HubSpot's records become."""

from ingestion.base.processor import BaseProcessor
from ingestion.sync.hubspot.models import HubSpotZipCode


class HubSpotZipCodeProcessor(BaseProcessor):
    """ZIP codes, under the headers that such lists use."""

    model = HubSpotZipCode
    fields = {
        "zipcode": ("zipcode", "zip", "code", "zip code", "postal code"),
        "latitude": ("latitude", "lat"),
        "longitude": ("longitude", "lon", "lng"),
    }
