"""What a contact becomes."""

from benchmarks.contacts.models import Contact
from ingestion.base.fields import Conventions
from ingestion.base.processor import BaseProcessor


class ContactProcessor(BaseProcessor):
    """Declared as the HubSpot source declares its own."""

    model = Contact
    prefix = "properties."
    fields = {"id": "id", "archived": "archived"}
    timestamp_field = "lastmodifieddate"
    tombstone = "archived"
    conventions = Conventions(null_values=("",), too_long="cut")
