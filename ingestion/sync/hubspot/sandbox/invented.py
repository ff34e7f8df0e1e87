"""Invented people, companies and deals: the same seed and id give the same record.

The tables at the end say of every property its type and how a value is made; some are left empty.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from ingestion.sync.hubspot.sandbox.moments import iso

T = TypeVar("T")

FIRST = (
    *("Ada", "Ben", "Carla", "Dmitri", "Elif", "Femi", "Grace", "Hugo", "Inés", "Jamal"),
    *("Kenji", "Lena", "Mateo", "Nora", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara"),
)
LAST = (
    *("Abbott", "Berg", "Castillo", "Dvořák", "Eriksen", "Fontaine", "García", "Hughes", "Ito", "Jansen"),
    *("Kowalski", "Larsson", "Müller", "Novak", "O'Brien", "Park", "Quigley", "Rossi", "Silva", "Tanaka"),
)
PLACES = (
    ("Springfield", "IL", "62701", "Sangamon"),
    ("Dayton", "OH", "45402", "Montgomery"),
    ("Boise", "ID", "83702", "Ada"),
    ("Macon", "GA", "31201", "Bibb"),
    ("Salem", "OR", "97301", "Marion"),
    ("Lowell", "MA", "01852", "Middlesex"),
    ("Peoria", "AZ", "85345", "Maricopa"),
    ("Tyler", "TX", "75701", "Smith"),
)
STREETS = ("Oak", "Maple", "Cedar", "Elm", "Pine", "Walnut", "Lake", "Hill", "Church", "Mill")
TRADES = ("Roofing", "Windows", "Siding", "Gutters", "Solar", "Insulation", "Decks", "Painting")
DIVISIONS = ("North", "South", "East", "West", "Central")
ORIGINS = ("PAID_SEARCH", "ORGANIC_SEARCH", "DIRECT_TRAFFIC", "REFERRALS", "OFFLINE", "EMAIL_MARKETING")
LIFE = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
STAGES = ("appointmentscheduled", "qualifiedtobuy", "contractsent", "closedwon", "closedlost")
NOTES = (
    "Asked for a call after six.",
    "Two storeys; the old roof leaks.\nBring the long ladder.",
    "Wants a second quote – “no rush”.",
    "Prefiere que le llamen en español.",
    'Said: "maybe in spring", then hung up.',
)
DAY = 86_400_000
BEGIN = 1_688_169_600_000
"""2023-07-01: nothing invented is older …"""
END = 1_767_139_200_000
"""2025-12-31: … or younger."""


class Draft:
    """One record in the making; what several properties share is decided once."""

    def __init__(self, seed: int, kind: str, number: int, owners: Sequence[str] = ()) -> None:
        self.random = Random(f"{seed}/{kind}/{number}").random  # noqa: S311 invented data, no secret
        self.number = number
        self.owners = owners
        self.created = self.between(BEGIN, END - 90 * DAY)
        self.updated = self.between(self.created, END)
        self.first, self.last = self.pick(FIRST), self.pick(LAST)
        self.city, self.state, self.zip, self.county = self.pick(PLACES)
        self.street = f"{self.between(1, 9900)} {self.pick(STREETS)} St"
        self.phone = f"+1 {self.between(201, 989)}-555-{self.between(100, 199):04}"
        self.trade = self.pick(TRADES)
        self.lead = self.random() < 0.6

    def pick(self, pool: Sequence[T]) -> T:
        """One of several."""
        return pool[int(self.random() * len(pool))]

    def between(self, low: int, high: int) -> int:
        """A whole number, low and high included."""
        return low + int(self.random() * (high - low + 1))

    @property
    def email(self) -> str:
        """An address that belongs to nobody."""
        return f"{plain(self.first)}.{plain(self.last)}{self.number}@example.com"

    @property
    def company(self) -> str:
        """A firm's name."""
        return f"{self.last} {self.trade}"

    @property
    def domain(self) -> str:
        """A firm's domain, which belongs to nobody."""
        return f"{plain(self.last)}-{self.trade.lower()}-{self.number}.example"


Maker = Callable[[Draft], str | None]
TO_ASCII = str.maketrans("éíüřáñ'", "eiuran-")


def plain(name: str) -> str:
    """A name as it may stand in an address."""
    return name.lower().translate(TO_ASCII)


def some(share: float, make: Maker) -> Maker:
    """Filled in so many of all records."""
    return lambda draft: make(draft) if draft.random() < share else None


def lead(make: Maker) -> Maker:
    """Filled where the contact came in as a lead."""
    return lambda draft: make(draft) if draft.lead else None


def one_of(*pool: str | None) -> Maker:
    """Any of these."""
    return lambda draft: draft.pick(pool)


def whole(low: int, high: int) -> Maker:
    """A whole number."""
    return lambda draft: str(draft.between(low, high))


def money(low: int, high: int) -> Maker:
    """An amount with cents; sometimes cleared, which is an empty text."""
    return lambda draft: f"{draft.between(low * 100, high * 100) / 100:.2f}" if draft.random() > 0.05 else ""


def later(draft: Draft) -> str:
    """A moment in the record's life."""
    return iso(draft.between(draft.created, draft.updated))


def midnight(draft: Draft) -> str:
    """A day, as a datetime property has it."""
    return iso(draft.between(draft.created, END) // DAY * DAY)


def owner(draft: Draft) -> str | None:
    """Somebody of the portal."""
    return draft.pick(draft.owners) if draft.owners else None


def of(name: str) -> Maker:
    """What the draft has decided already."""
    return lambda draft: str(getattr(draft, name))


class Property(NamedTuple):
    """A property's type in HubSpot's words, and how one is made; None leaves it empty."""

    type: str
    make: Maker | None = None


def texts(**makers: Maker | None) -> dict[str, Property]:
    """Properties of type string."""
    return {name: Property("string", make) for name, make in makers.items()}


def numbers(**makers: Maker | None) -> dict[str, Property]:
    """Properties of type number."""
    return {name: Property("number", make) for name, make in makers.items()}


def moments(**makers: Maker | None) -> dict[str, Property]:
    """Properties of type datetime."""
    return {name: Property("datetime", make) for name, make in makers.items()}


def choices(**makers: Maker | None) -> dict[str, Property]:
    """Properties of type enumeration."""
    return {name: Property("enumeration", make) for name, make in makers.items()}


flag = one_of("0", "1", None)
user = whole(1000, 1400)

CONTACT: Mapping[str, Property] = {
    **texts(
        firstname=of("first"),
        lastname=of("last"),
        email=some(0.95, of("email")),
        phone=some(0.9, of("phone")),
        address=some(0.8, of("street")),
        city=of("city"),
        state=of("state"),
        zip=of("zip"),
        country=one_of("United States", None),
        division=one_of(*DIVISIONS, None),
        comments=some(0.3, one_of(*NOTES)),
        campaign_name=some(0.4, one_of("Spring Storm", "Summer Solar", "Neighbor Letter")),
        campaign_content=some(0.2, one_of("headline-a", "headline-b")),
        hs_google_click_id=some(0.1, lambda draft: f"Cj0{draft.between(10**12, 10**13)}"),
        marketsharp_id=some(0.3, lambda draft: f"MS-{draft.number:06}"),
        msm_source=some(0.3, one_of("Canvass", "Internet", "Show")),
        original_lead_source=some(0.7, one_of("Website", "Canvassing", "Home Show", "Referral")),
        reference_code=some(0.2, lambda draft: f"R{draft.between(10000, 99999)}"),
        search_terms=some(0.1, one_of("roof repair near me", "window replacement cost")),
        trustedform_cert_url=some(0.2, lambda d: f"https://cert.example.com/{d.between(16**7, 16**8):x}"),
        vertical=of("trade"),
        hs_email_domain=some(0.95, lambda draft: "example.com"),
        hs_timezone=some(0.5, one_of("us_slash_eastern", "us_slash_central", "us_slash_pacific")),
        hge_primary_source=some(0.6, one_of("Digital", "Field", "Events")),
        hge_secondary_source=some(0.4, one_of("Search", "Door to door", "Fair")),
        lead_address1=lead(of("street")),
        lead_agent_name=lead(lambda draft: f"{draft.pick(FIRST)} {draft.pick(LAST)}"),
        lead_cdyne_county=lead(of("county")),
        lead_city=lead(of("city")),
        lead_state=lead(of("state")),
        lead_zip=lead(of("zip")),
        lead_phone1=lead(of("phone")),
        lead_notes=lead(some(0.4, one_of(*NOTES))),
        lead_import_source=lead(one_of("web", "csv", "api")),
        lead_salesrabbit_lead_id=lead(whole(10**6, 10**7)),
        lead_year_built=lead(whole(1890, 2020)),
        adgroupid=None,
        ap_leadid=None,
        clickcheck=None,
        clicktype=None,
        tier=None,
        vendorleadid=None,
        dedupe___record_id=None,
        hs_merged_object_ids=None,
    ),
    **numbers(
        price=some(0.3, money(50, 900)),
        lead_added_by=lead(user),
        lead_agent_id=lead(user),
        lead_cost=lead(money(5, 300)),
        lead_division=lead(whole(1, 23)),
        lead_id=lead(lambda draft: str(5_000_000 + draft.number)),
        lead_prospect_id=lead(whole(10**5, 10**6)),
        lead_rating=lead(whole(1, 5)),
        lead_source=lead(whole(1, 60)),
        lead_status=lead(whole(1, 12)),
        lead_substatus=lead(whole(1, 30)),
        lead_job_type=lead(whole(1, 8)),
        lead_is_dnc=lead(flag),
        lead_is_valid_email=lead(flag),
        lead_is_estimate_set=lead(flag),
        lead_is_mobile_lead=lead(flag),
        hs_analytics_num_visits=whole(0, 40),
        hs_analytics_num_page_views=whole(0, 200),
        hs_object_id=None,
    ),
    **moments(
        createdate=None,
        lastmodifieddate=None,
        hs_lastmodifieddate=None,
        lead_sourced_on=lead(later),
        lead_viewed_on=lead(some(0.5, later)),
        original_lead_source_created=some(0.7, later),
        notes_last_updated=some(0.3, later),
        hs_analytics_first_timestamp=some(0.8, later),
    ),
    **choices(
        lifecyclestage=one_of(*LIFE),
        hs_analytics_source=one_of(*ORIGINS),
        service_of_interest=some(0.5, lambda draft: f"{draft.trade};{draft.pick(TRADES)}"),
        hubspot_owner_id=some(0.8, owner),
    ),
    "hs_is_unworked": Property("bool", one_of("true", "false")),
}

COMPANY: Mapping[str, Property] = {
    **texts(
        name=of("company"),
        domain=some(0.9, of("domain")),
        phone=some(0.8, of("phone")),
        address=of("street"),
        city=of("city"),
        state=of("state"),
        zip=of("zip"),
        country=one_of("United States", None),
        website=some(0.8, lambda draft: f"https://{draft.domain}"),
        description=some(0.3, one_of(*NOTES)),
        hs_merged_object_ids=None,
    ),
    **numbers(
        annualrevenue=some(0.6, money(100_000, 9_000_000)),
        numberofemployees=some(0.7, whole(1, 900)),
        hs_object_id=None,
    ),
    **moments(createdate=None, hs_lastmodifieddate=None, notes_last_updated=some(0.3, later)),
    **choices(
        industry=one_of("CONSTRUCTION", "BUILDING_MATERIALS", "REAL_ESTATE", None),
        lifecyclestage=one_of(*LIFE),
        hubspot_owner_id=some(0.8, owner),
    ),
}

DEAL: Mapping[str, Property] = {
    **texts(
        dealname=lambda draft: f"{draft.last}, {draft.trade}",
        description=some(0.4, one_of(*NOTES)),
        division=one_of(*DIVISIONS, None),
        hs_merged_object_ids=None,
    ),
    **numbers(amount=some(0.9, money(500, 60_000)), hs_object_id=None),
    **moments(createdate=None, hs_lastmodifieddate=None, closedate=some(0.8, midnight)),
    **choices(
        dealstage=one_of(*STAGES),
        dealtype=one_of("newbusiness", "existingbusiness", None),
        hubspot_owner_id=some(0.9, owner),
        pipeline=one_of("default", "default", "7710334"),
        priority=one_of("low", "medium", "high", None),
    ),
}


def invented(table: Mapping[str, Property], draft: Draft) -> dict[str, Any]:
    """The properties of one record; those without a maker are left out."""
    return {name: each.make(draft) for name, each in table.items() if each.make}


def invented_owner(draft: Draft) -> dict[str, Any]:
    """Somebody who works in the portal; a few have no name, as happens."""
    nameless = draft.random() < 0.1
    return {
        "email": draft.email,
        "type": "PERSON",
        "firstName": "" if nameless else draft.first,
        "lastName": "" if nameless else draft.last,
        "userId": 1_000_000 + draft.number,
        "userIdIncludingInactive": 1_000_000 + draft.number,
        "teams": [{"id": "368389", "name": draft.pick(DIVISIONS), "primary": True}],
    }
