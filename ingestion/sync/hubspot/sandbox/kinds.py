"""What kinds of objects a portal has, by the names and numbers that HubSpot gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingestion.sync.hubspot.sandbox.invented import COMPANY, CONTACT, DEAL, Property


@dataclass
class Kind:
    """One kind of object. `names` are all spellings that a path may have; the first is the label.

    `cursor` is the property that tells the last change, `created` the one that tells the beginning.
    `types` has every known property's type; it grows when a record brings a new one.
    """

    names: tuple[str, ...]
    scope: str
    first_id: int = 1
    cursor: str = "hs_lastmodifieddate"
    created: str = "hs_createdate"
    defaults: tuple[str, ...] = ()
    table: Mapping[str, Property] = field(default_factory=dict)
    merges_into_new: bool = True

    def __post_init__(self) -> None:
        self.always = (self.created, self.cursor, "hs_object_id")
        self.types = {self.created: "datetime", self.cursor: "datetime", "hs_object_id": "number"}
        self.types.update({name: each.type for name, each in self.table.items()})

    @property
    def label(self) -> str:
        """The plural name."""
        return self.names[0]

    def asked(self, names: list[str]) -> tuple[str, ...]:
        """What an answer shows: what was asked and is known, or the defaults; and what always comes."""
        wanted = {name for name in names if name in self.types} if names else set(self.defaults)
        return tuple(sorted(wanted.union(self.always)))


def standard() -> list[Kind]:
    """The kinds that every portal has and that are faked."""
    return [
        Kind(
            ("contacts", "contact", "0-1"),
            "crm.objects.contacts.read",
            first_id=501,
            cursor="lastmodifieddate",
            created="createdate",
            defaults=("email", "firstname", "lastname"),
            table=CONTACT,
            merges_into_new=False,
        ),
        Kind(
            ("companies", "company", "0-2"),
            "crm.objects.companies.read",
            first_id=8001,
            created="createdate",
            defaults=("domain", "name"),
            table=COMPANY,
        ),
        Kind(
            ("deals", "deal", "0-3"),
            "crm.objects.deals.read",
            first_id=96001,
            created="createdate",
            defaults=("amount", "closedate", "dealname", "dealstage", "pipeline"),
            table=DEAL,
        ),
    ]


def owners() -> Kind:
    """The people of the portal: no CRM object, but kept in the same way."""
    return Kind(("owners",), "crm.objects.owners.read", first_id=40001)
