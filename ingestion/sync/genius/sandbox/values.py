"""Invented values of a Genius database, column by column, the same for the same seed.

What is odd in the real one is odd here: zero dates, times beyond a day, null times of change, 0 for no
reference, 1970, texts with spaces around them and beyond ASCII.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.db import models

from ingestion.sync.genius.sandbox.schema import Source, plain

FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 Genius's times have no zone
MINUTES = 600 * 24 * 60
ZERO_MOMENT, ZERO_DAY = "0000-00-00 00:00:00", "0000-00-00"
ODD_TIMES = ("26:00:00", "-01:00:00", "00:00:00")
TIMES = tuple(f"{hour:02}:{minute:02}:00" for hour in range(7, 21) for minute in (0, 15, 30, 45))
FIRST_NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "José", "Zoë", "Łukasz", "O'Neil")
LAST_NAMES = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Núñez", "Smith ", "李")
CITIES = ("San Diego", "Irvine", "Riverside", "Phoenix", "Las Vegas", "Portland", "Tacoma", "Boise")
WORDS = (
    "called twice",
    "wants a quote",
    "left a message",
    "gate code 1234",
    'a "dog"',
    "tab\there",
    "",
    "é à ü",
)
LEGAL_ZERO = ("service", "prospect")
"""Tables in which the id 0 is a row."""

Values = list[Any]


class Invented:
    """The rows of one table, up to a number of them; `counts` are the rows of all tables."""

    def __init__(
        self, source: Source, counts: Mapping[str, int], targets: Mapping[Any, str], seed: int
    ) -> None:
        self.source = source
        self.counts = counts
        self.targets = targets
        self.seed = seed

    def rows(self, count: int) -> list[tuple[Any, ...]]:
        """So many rows, in the order of the columns."""
        columns = [self.column(name, field, count) for name, field in self.source.columns.items()]
        return list(zip(*columns, strict=True))

    def column(self, name: str, field: Any, count: int) -> Values:
        """One column."""
        random = Random(f"{self.seed} {self.source.name} {name}")  # noqa: S311 nothing secret is made
        if special := SPECIAL.get((self.source.name, name)):
            return special(self, random, count)
        if name in self.source.key:
            first = 0 if self.source.name in LEGAL_ZERO else 1
            return list(range(first, first + count))
        values = (
            self.reference(field, random, count)
            if field.is_relation
            else self.plain(name, field, random, count)
        )
        if field.null and name not in ("updated_at", "created_at", "added_on", "add_date"):
            values = [None if random.random() < 0.4 else value for value in values]
        return values

    def reference(self, field: Any, random: Random, count: int) -> Values:
        """Ids of another table; some are 0, which is none."""
        table = self.targets[field.related_model]
        most, low = self.counts[table], 0 if table in LEGAL_ZERO else 1
        ids = [low + random.randrange(most) for _ in range(count)]
        return [0 if field.null and number % 97 == 0 else value for number, value in enumerate(ids)]

    def plain(self, name: str, field: Any, random: Random, count: int) -> Values:
        """Values by the column's type."""
        field = plain(field)
        if isinstance(field, models.CharField):
            found = texts(name, field.max_length or 255, random, count)
            return found if field.null else [each or "-" for each in found]
        make = next(make for cls, make in MAKERS if isinstance(field, cls))
        return [make(field, random, number) for number in range(count)]


def texts(name: str, length: int, random: Random, count: int) -> Values:
    """Texts that look like what their column is called."""
    word = name.rsplit("_", 1)[-1]
    pool: tuple[str, ...] = next((each for key, each in POOLS.items() if key in name), WORDS)
    if "email" in name:
        found = [f"{random.choice(('ada', 'grace', 'alan'))}{number}@example.com" for number in range(count)]
    elif "phone" in name:
        found = [f"619555{random.randrange(10000):04}" for _ in range(count)]
    elif word in ("zip", "id"):
        found = [f"{random.randrange(100000):05}" for _ in range(count)]
    else:
        found = random.choices(pool, k=count)
    return [each[:length] for each in found]


POOLS = {
    "first_name": FIRST_NAMES,
    "last_name": LAST_NAMES,
    "city": CITIES,
    "state": ("CA", "AZ", "NV", "OR", "WA", "ID"),
    "address": ("1 Main St", "22 Acacia Avenue", "3 Ocean Blvd #4", "P.O. Box 7"),
    "time_zone": ("US/Pacific", "US/Mountain"),
    "year": ("1954", "1978", "2003"),
}


def moment(field: Any, random: Random, number: int) -> str:
    """A time without a zone; one in 211 is zero."""
    del field
    if number % 211 == 210:
        return ZERO_MOMENT
    return str(FIRST + timedelta(minutes=random.randrange(MINUTES)))


def day(field: Any, random: Random, number: int) -> str:
    """A date; one in 199 is zero."""
    del field
    return ZERO_DAY if number % 199 == 198 else str(date(2024, 1, 1) + timedelta(days=random.randrange(600)))


def clock(field: Any, random: Random, number: int) -> str:
    """A TIME, some of them beyond a day."""
    del field
    return ODD_TIMES[number % 3] if number % 50 == 49 else random.choice(TIMES)


def amount(field: Any, random: Random, number: int) -> str:
    """A decimal that the column holds."""
    del number
    digits = min(field.max_digits, 8)
    return f"{random.randrange(10 ** (digits - 1)) / 10**field.decimal_places:.{field.decimal_places}f}"


def words(field: Any, random: Random, number: int) -> str:
    """A note."""
    del field
    return f"{random.choice(WORDS)} {number}"


def whole(most: int) -> Callable[[Any, Random, int], Any]:
    """Whole numbers below another one."""
    return lambda field, random, number: random.randrange(most)


MAKERS: tuple[tuple[type[Any], Callable[[Any, Random, int], Any]], ...] = (
    (models.TextField, words),
    (models.BooleanField, whole(2)),
    (models.DecimalField, amount),
    (models.FloatField, lambda field, random, number: random.choice((20.0, 12.5, 0.1))),
    (models.DateTimeField, moment),
    (models.DateField, day),
    (models.TimeField, clock),
    (models.DurationField, clock),
    (models.BigIntegerField, whole(2**40)),
    (models.SmallIntegerField, whole(5)),
    (models.IntegerField, whole(100_000)),
)


def one_of_two(self: Invented, random: Random, count: int, *, even: bool, table: str) -> Values:
    """Ids in every second row, so that a row has a user or a division."""
    ids = [1 + random.randrange(self.counts[table]) for _ in range(count)]
    return [value if (number % 2 == 0) is even else None for number, value in enumerate(ids)]


def changed(self: Invented, random: Random, count: int) -> Values:
    """Times of change of leads: some are null, some are zero, the rest are one per row."""
    del self
    found: Values = [str(FIRST + timedelta(minutes=random.randrange(MINUTES))) for _ in range(count)]
    return [
        None if n % 500 == 499 else ZERO_MOMENT if n % 700 == 699 else value for n, value in enumerate(found)
    ]


def joined(self: Invented, random: Random, count: int) -> Values:
    """References to third-party sources."""
    most = self.counts["third_party_source"]
    return [1 + random.randrange(most) if number % 3 else None for number in range(count)]


def epochs(self: Invented, random: Random, count: int) -> Values:
    """Times, of which some are the beginning of Unix time and some zero."""
    del self
    return ["1970-01-01 00:00:00" if n % 20 == 19 else moment(None, random, n) for n in range(count)]


SPECIAL: dict[tuple[str, str], Callable[[Invented, Random, int], Values]] = {
    ("lead", "updated_at"): changed,
    ("prospect", "third_party_source_id"): joined,
    ("appointment", "third_party_source_id"): joined,
    ("appointment_to_service", "appointment_id"): lambda self, random, count: [
        1 + n // 2 for n in range(count)
    ],
    ("appointment_to_service", "service_id"): lambda self, random, count: [n % 2 for n in range(count)],
    ("appointment_to_service", "created_at"): epochs,
    ("appointment_to_service", "updated_at"): epochs,
    ("integration_field", "user_id"): lambda s, r, n: one_of_two(s, r, n, even=True, table="user_data"),
    ("integration_field", "division_id"): lambda s, r, n: one_of_two(s, r, n, even=False, table="division"),
    ("marketsharp_marketing_source_map", "marketsharp_id"): lambda self, random, count: [
        f"MS-{number:06}" for number in range(count)
    ],
    ("third_party_source", "third_party_source_type_id"): lambda self, random, count: [
        1 + n % 2 for n in range(count)
    ],
    ("third_party_source", "third_party_id"): lambda self, random, count: [
        str(90_000_000_000 + n) for n in range(count)
    ],
    ("third_party_source_type", "label"): lambda self, random, count: ["hubspot", "salesrabbit"],
    ("job", "status"): lambda self, random, count: [
        1 + random.randrange(self.counts["job_status"]) for _ in range(count)
    ],
}
