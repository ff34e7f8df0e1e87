"""The twenty columns of a contact, for everyone who does not ask Django for them."""

TEXTS = (
    "id",
    "email",
    "firstname",
    "lastname",
    "phone",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "company",
    "jobtitle",
    "lifecyclestage",
    "hs_analytics_source",
    "hubspot_owner_id",
)
OTHERS = {
    "archived": "bool",
    "num_notes": "bigint",
    "hs_analytics_revenue": "decimal",
    "createdate": "timestamp",
    "lastmodifieddate": "timestamp",
}
"""Column → its type, by the names that dlt has for them."""

TYPES = {**dict.fromkeys(TEXTS, "text"), **OTHERS}
ENVELOPE = ("id", "archived")
PROPERTIES = tuple(name for name in TYPES if name not in ENVELOPE)
