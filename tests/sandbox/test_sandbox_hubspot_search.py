"""Search of the fake portal: its operators, its order, its limits, and what it sees late."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.sandbox import FakeHubSpot
from tests.sandbox.sandbox_client import CONTACTS, ask, condition, pages, search

MOMENT = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHANGED = "lastmodifieddate"


@pytest.fixture
def fake():
    one = FakeHubSpot(rate_limited=False)
    one.clock.freeze(MOMENT)
    with SandboxServer(one):
        yield one


@pytest.fixture
def people(fake):
    """Five contacts, changed a second after one another."""
    fake.define_properties("contacts", lead_cost="number", seen="datetime", note="string")
    given = [
        {"firstname": "Ada", "lead_cost": "9", "seen": "2026-01-01T00:00:00Z", "note": "red roof"},
        {"firstname": "Ben", "lead_cost": "10", "seen": "2026-01-02T00:00:00.500Z", "note": "blue door"},
        {"firstname": "Cara", "lead_cost": "100", "seen": "2026-01-03T00:00:00Z", "note": "rooftop"},
        {"firstname": "Dan", "lead_cost": "", "note": "a Roof"},
        {"firstname": "Eve"},
    ]
    for each in given:
        fake.add("contacts", each)
        fake.clock.advance(1)
    return fake


def ms(moment):
    return str(round(moment.timestamp() * 1000))


def names(reply):
    return "".join(sorted(each["properties"]["firstname"][0] for each in reply.json["results"]))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (("firstname", "EQ", "ada"), "A"),
        (("firstname", "EQ", "ADA"), "A"),
        (("firstname", "NEQ", "ada"), "BCDE"),
        (("firstname", "IN", "ada", "ben"), "AB"),
        (("firstname", "IN", "Ada", "Ben"), ""),
        (("firstname", "NOT_IN", "ada", "ben"), "CDE"),
        (("firstname", "GTE", "cara"), "CDE"),
        (("lead_cost", "GT", "9"), "BC"),
        (("lead_cost", "GTE", "9"), "ABC"),
        (("lead_cost", "LT", "10"), "A"),
        (("lead_cost", "LTE", "10.0"), "AB"),
        (("lead_cost", "BETWEEN", "9", "10"), "AB"),
        (("lead_cost", "IN", "9.00", "100"), "AC"),
        (("lead_cost", "HAS_PROPERTY"), "ABC"),
        (("lead_cost", "NOT_HAS_PROPERTY"), "DE"),
        (("seen", "GT", "2026-01-02T00:00:00.500Z"), "C"),
        (("seen", "GTE", "2026-01-02T00:00:00.500Z"), "BC"),
        (("seen", "GTE", "1767312000500"), "BC"),
        (("seen", "GT", "1767312000500"), "C"),
        (("seen", "LT", "2026-01-02"), "A"),
        (("note", "CONTAINS_TOKEN", "roof"), "AD"),
        (("note", "CONTAINS_TOKEN", "roof*"), "ACD"),
        (("note", "NOT_CONTAINS_TOKEN", "roof"), "BCE"),
        ((CHANGED, "GTE", ms(MOMENT + timedelta(seconds=3))), "DE"),
        ((CHANGED, "GT", ms(MOMENT + timedelta(seconds=3))), "E"),
        ((CHANGED, "LTE", ms(MOMENT + timedelta(seconds=1))), "AB"),
        ((CHANGED, "LT", "2026-06-01T12:00:01Z"), "A"),
        ((CHANGED, "EQ", "2026-06-01T12:00:01Z"), "B"),
        ((CHANGED, "NEQ", "2026-06-01T12:00:01Z"), "ACDE"),
        ((CHANGED, "BETWEEN", "2026-06-01T12:00:01Z", "2026-06-01T12:00:02Z"), "BC"),
        ((CHANGED, "HAS_PROPERTY"), "ABCDE"),
    ],
)
def test_operators_find_what_they_should(people, given, found):
    assert names(search(people, given)) == found


def test_filters_of_a_group_must_all_hold_and_one_group_is_enough(people):
    first = [condition(("firstname", "EQ", "ada")), condition(("lead_cost", "GT", "5"))]
    second = [condition((CHANGED, "GTE", ms(MOMENT + timedelta(seconds=4))))]
    groups = {"filterGroups": [{"filters": first}, {"filters": second}]}

    assert names(ask(people, f"{CONTACTS}/search", groups)) == "AE"
    assert names(ask(people, f"{CONTACTS}/search", {"filters": first})) == "A"


def test_a_window_in_order_may_have_other_conditions(people):
    window = (CHANGED, "GTE", ms(MOMENT)), (CHANGED, "LTE", ms(MOMENT + timedelta(seconds=3)))
    costly = search(people, *window, ("lead_cost", "GT", "9"), sorts=sort(CHANGED), limit=1)

    assert (costly.ids, costly.json["total"], costly.after) == (["502"], 2, "1")
    assert search(people, *window, ("lead_cost", "GT", "9"), sorts=sort(CHANGED), after="1").ids == ["503"]


@pytest.mark.parametrize("text", ["n/a", "--5"])
def test_a_number_or_moment_that_cannot_be_read_meets_nothing(people, text):
    people.edit("contacts", "501", lead_cost=text, seen=text)

    assert names(search(people, ("lead_cost", "LT", "1000"))) == "BC"
    assert names(search(people, ("seen", "GT", "1000"))) == "BC"


def test_words_are_looked_for_in_what_names_a_contact(people):
    assert names(ask(people, f"{CONTACTS}/search", {"query": "av"})) == ""
    assert names(ask(people, f"{CONTACTS}/search", {"query": "a"})) == "ACD"


def test_hs_lastmodifieddate_of_contacts_finds_nothing_and_says_nothing(people):
    reply = search(people, ("hs_lastmodifieddate", "GTE", "1000"))

    assert (reply.status, reply.json["total"], reply.ids) == (200, 0, [])


def test_zero_as_a_change_time_breaks_the_service(people):
    assert search(people, (CHANGED, "GTE", "0")).status == 500
    assert search(people, (CHANGED, "GTE", "1000")).status == 200


def test_one_sort_orders_and_the_creation_time_does_otherwise(people):
    def order(**body):
        return [each["properties"]["firstname"][0] for each in search(people, **body).json["results"]]

    assert order() == ["A", "B", "C", "D", "E"]
    assert order(sorts=sort("firstname", "DESCENDING")) == ["E", "D", "C", "B", "A"]
    assert order(sorts=sort("lead_cost"))[:3] == ["A", "B", "C"]
    assert order(sorts=sort("lead_cost", "DESCENDING"))[:3] == ["C", "B", "A"]
    assert search(people, sorts=sort("firstname") * 2).status == 400


def test_the_change_time_orders_both_ways(people):
    since = (CHANGED, "GTE", ms(MOMENT + timedelta(seconds=1)))
    up = search(people, since, sorts=sort(CHANGED), limit=3)
    down = search(people, since, sorts=sort(CHANGED, "DESCENDING"), limit=3)
    rest = search(people, since, sorts=sort(CHANGED, "DESCENDING"), limit=3, after="3")

    assert (up.ids, up.json["total"], up.after) == (["502", "503", "504"], 4, "3")
    assert (down.ids, rest.ids) == (["505", "504", "503"], ["502"])


def test_equal_values_come_in_an_order_that_is_not_that_of_ids(fake):
    made = fake.add("contacts", 50)
    found = search(fake, (CHANGED, "GTE", "1000"), sorts=sort(CHANGED), limit=50).ids

    assert found != made
    assert sorted(found) == made
    assert search(fake, (CHANGED, "GTE", "1000"), sorts=sort(CHANGED), limit=50).ids == found


def test_ids_are_compared_as_numbers_unless_the_portal_compares_them_as_texts(fake):
    fake.add("contacts", 600)
    wanted = ("hs_object_id", "GT", "998")
    assert search(fake, wanted, sorts=sort("hs_object_id"), limit=3).ids == ["999", "1000", "1001"]
    fake.ids_sort_as_text = True

    assert search(fake, wanted, sorts=sort("hs_object_id"), limit=3).ids == ["999"]
    assert search(fake, sorts=sort("hs_object_id"), limit=2).ids == ["1000", "1001"]


def test_after_is_an_offset_so_an_edit_in_between_makes_a_record_slip_through(fake):
    for _ in range(20):
        fake.add("contacts", 1)
        fake.clock.advance(1)
    window = (CHANGED, "GTE", "1000"), (CHANGED, "LTE", ms(fake.clock.now()))
    fake.clock.advance(60)
    first = search(fake, *window, sorts=sort(CHANGED), limit=10)
    fake.edit("contacts", "501", firstname="moved")
    second = search(fake, *window, sorts=sort(CHANGED), limit=10, after=first.after)

    assert set(fake.ids("contacts")) - {*first.ids, *second.ids} == {"511"}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"after": "next"},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [condition(("firstname", "EQ", "x"))] * 7}]},
        {"filterGroups": [{"filters": [condition(("firstname", "EQ", "x"))] * 5}] * 4},
        {"filters": [condition(("firstnam", "EQ", "x"))]},
        {"filters": [condition(("firstname", "LIKE", "x"))]},
        {"filters": [condition(("firstname", "EQ"))]},
        {"filters": [condition(("firstname", "IN"))]},
        {"filters": [condition((CHANGED, "BETWEEN", "1000"))]},
        {"filters": [condition((CHANGED, "GTE", "yesterday"))]},
        {"filters": [condition((CHANGED, "GTE", 1000))]},
        {"sorts": [{"propertyName": "firstnam"}]},
        {"sorts": ["firstname"]},
        {"query": "x" * 3001},
        [],
    ],
)
def test_what_breaks_a_rule_is_refused(people, body):
    reply = ask(people, f"{CONTACTS}/search", body)

    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")


def test_a_page_has_ten_records_and_may_have_two_hundred(fake):
    fake.add("contacts", 250)

    assert len(search(fake).ids) == 10
    assert len(search(fake, limit=200).ids) == 200


def test_no_more_than_ten_thousand_can_be_reached_but_all_are_counted(fake):
    fake.add("contacts", 10_050)
    last = search(fake, limit=200, after="9800")

    assert (last.json["total"], len(last.ids), last.after) == (10_050, 200, "10000")
    assert search(fake, limit=200, after="9900").status == 400
    assert search(fake, limit=1, after=last.after).status == 400


def test_ten_thousand_of_one_millisecond_are_reached_by_their_ids(fake):
    made = fake.add("contacts", 10_200)
    first = search(fake, (CHANGED, "EQ", ms(MOMENT)), sorts=sort("hs_object_id"), limit=200)
    behind = (CHANGED, "EQ", ms(MOMENT)), ("hs_object_id", "GT", made[9999])
    rest = search(fake, *behind, sorts=sort("hs_object_id"), limit=200)

    assert first.ids == made[:200]
    assert rest.ids == made[10_000:]


def test_archived_records_are_never_found(people):
    people.archive("contacts", "501")
    assert names(search(people)) == "BCDE"
    people.restore("contacts", "501")

    assert names(search(people)) == "ABCDE"


def test_merged_and_deleted_records_are_not_found(people):
    people.merge("contacts", "501", "502")
    people.gdpr_delete("contacts", "503")

    assert search(people).json["total"] == 3
    assert names(search(people)) == "ADE"


def test_search_is_late_and_shows_the_older_document_meanwhile(people):
    people.clock.advance(60)
    search(people)
    people.search_lag = 30
    people.edit("contacts", "501", firstname="Zoe")
    people.add("contacts", {"firstname": "New"})
    assert names(search(people)) == "ABCDE"
    assert ask(people, CONTACTS).json["results"][0]["properties"]["firstname"] == "Zoe"
    people.clock.advance(30)

    assert names(search(people)) == "BCDENZ"


def test_a_page_may_be_short_or_empty_and_yet_not_the_last(fake):
    made = fake.add("contacts", 30)
    search(fake)
    fake.search_lag = 60
    gone = search(fake, limit=10).ids
    for each in gone:
        fake.archive("contacts", each)
    read = list(pages(lambda **after: search(fake, limit=10, **after)))

    assert [len(page.ids) for page in read] == [0, 10, 10]
    assert {each for page in read for each in page.ids} == set(made) - set(gone)


def test_properties_are_chosen_as_in_a_list(people):
    chosen = search(people, properties=["note", "nonsense"]).json["results"][0]["properties"]
    defaults = search(people).json["results"][0]["properties"]

    assert list(chosen) == ["createdate", "hs_object_id", CHANGED, "note"]
    assert list(defaults) == ["createdate", "email", "firstname", "hs_object_id", CHANGED, "lastname"]


def test_a_change_time_that_is_empty_is_in_no_window(people):
    people.edit("contacts", "501", lastmodifieddate=None)

    assert names(search(people, (CHANGED, "GTE", "1000"))) == "BCDE"
    assert names(search(people, (CHANGED, "NOT_HAS_PROPERTY"))) == "A"


def test_other_types_are_searched_by_hs_lastmodifieddate(fake):
    fake.add("deals", 3)

    assert search(fake, ("hs_lastmodifieddate", "GTE", ms(MOMENT)), kind="0-3").json["total"] == 3


def sort(name, direction="ASCENDING"):
    return [{"propertyName": name, "direction": direction}]
