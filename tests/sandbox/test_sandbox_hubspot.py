"""The fake portal keeps the rules of the real service that a connector depends on."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from ingestion.base.exceptions import ConfigurationError
from ingestion.sandbox.rates import RollingWindow
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.sandbox import FakeHubSpot
from tests.sandbox.sandbox_client import CONTACTS, ask, pages

MOMENT = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def fake():
    one = FakeHubSpot(contacts=250, companies=4, deals=4, owners=3, rate_limited=False)
    with SandboxServer(one):
        yield one


# ---- listing


def test_a_list_is_read_page_by_page_in_order_of_ids(fake):
    read = list(pages(lambda **after: ask(fake, CONTACTS, limit=100, **after)))

    assert [len(page.ids) for page in read] == [100, 100, 50]
    assert [each for page in read for each in page.ids] == fake.ids("contacts")
    assert "paging" not in read[-1].json


def test_a_page_has_ten_records_unless_asked_otherwise(fake):
    assert len(ask(fake, CONTACTS).ids) == 10


@pytest.mark.parametrize("limit", ["101", "0", "-1", "many"])
def test_a_limit_out_of_bounds_is_refused_not_clamped(fake, limit):
    reply = ask(fake, CONTACTS, limit=limit)

    assert (reply.status, reply.json["category"]) == (400, "VALIDATION_ERROR")


def test_a_cursor_that_is_none_is_refused(fake):
    assert ask(fake, CONTACTS, after="next").status == 400


def test_unknown_parameters_are_ignored(fake):
    assert len(ask(fake, CONTACTS, limmit=50).ids) == 10


def test_the_next_link_stays_on_the_fakes_own_host(fake):
    link = ask(fake, CONTACTS, limit=2, properties="email").json["paging"]["next"]["link"]

    assert link == f"{fake.url}{CONTACTS}?limit=2&properties=email&after=502"
    assert ask(fake, CONTACTS + "?" + urlsplit(link).query).ids == ["503", "504"]


def test_an_envelope_has_texts_and_nulls_only(fake):
    fake.add("contacts", {"email": None, "hs_analytics_num_visits": 3, "firstname": ""})
    wanted = "email,firstname,hs_analytics_num_visits,hs_is_unworked,lead_cost"
    reply = ask(fake, CONTACTS, limit=100, properties=wanted, after=600).json["results"]
    values = [value for each in reply for value in each["properties"].values()]

    assert {type(value) for value in values} == {str, type(None)}
    assert set(reply[0]) == {"id", "properties", "createdAt", "updatedAt", "archived", "url"}
    assert reply[0]["updatedAt"] == reply[0]["properties"]["lastmodifieddate"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("contacts", "createdate email firstname hs_object_id lastmodifieddate lastname"),
        ("companies", "createdate domain hs_lastmodifieddate hs_object_id name"),
        (
            "deals",
            "amount closedate createdate dealname dealstage hs_lastmodifieddate hs_object_id pipeline",
        ),
    ],
)
def test_defaults_come_when_no_property_is_asked_for(fake, kind, names):
    record = ask(fake, f"/crm/v3/objects/{kind}").json["results"][0]

    assert " ".join(record["properties"]) == names


def test_unknown_properties_are_silently_left_out_and_empty_ones_are_null(fake):
    record = ask(fake, CONTACTS, properties="emial,tier,city").json["results"][0]["properties"]

    assert "emial" not in record
    assert record["tier"] is None
    assert record["city"]


def test_properties_may_be_repeated(fake):
    record = ask(fake, f"{CONTACTS}?properties=city&properties=state").json["results"][0]["properties"]

    assert {"city", "state"} < set(record)


def test_a_list_has_live_or_archived_records_never_both(fake):
    fake.archive("contacts", "502")
    live, archived = ask(fake, CONTACTS, limit=3), ask(fake, CONTACTS, archived="true")

    assert live.ids == ["501", "503", "504"]
    assert archived.ids == ["502"]
    assert archived.json["results"][0]["archived"] is True
    assert archived.json["results"][0]["archivedAt"]
    assert "archivedAt" not in live.json["results"][0]


def test_an_archived_record_is_gone_after_ninety_days(fake):
    fake.archive("contacts", "502")
    fake.clock.advance(91 * 86_400)

    assert ask(fake, CONTACTS, archived="true").ids == []


def test_every_spelling_of_a_path_reaches_the_same_records(fake):
    paths = (
        "/crm/v3/objects/contacts",
        "/crm/v3/objects/contact",
        "/crm/v3/objects/0-1",
        "/crm/v3/objects/0-1/",
        "/crm/objects/2026-03/contacts",
        "/crm/objects/2026-09/0-1",
        "/crm/objects/v3/0-1",
    )
    replies = [ask(fake, path) for path in paths]

    assert {each.status for each in replies} == {200}
    assert {tuple(each.ids) for each in replies} == {tuple(fake.ids("contacts")[:10])}


def test_an_unknown_type_path_or_version_is_not_found(fake):
    for path in ("/crm/v3/objects/pets", "/crm/v5/objects/contacts", "/crm/objects/2026-04/contacts", "/"):
        assert ask(fake, path).status == 404


def test_what_the_fake_does_not_have_is_said_not_made_up(fake):
    reply = ask(fake, CONTACTS, associations="companies")

    assert (reply.status, reply.json["message"]) == (501, "the sandbox does not have associations")
    assert ask(fake, CONTACTS, propertiesWithHistory="email").status == 501
    assert ask(fake, CONTACTS, {"properties": {}}).status == 501


def test_an_url_of_more_than_15000_characters_is_refused(fake):
    assert ask(fake, CONTACTS, properties="x" * 14_900).status == 200
    assert ask(fake, CONTACTS, properties="x" * 15_000).status == 414


def test_a_custom_type_is_read_under_its_id_and_its_name(fake):
    fake.define("2-4711", "p_division", division_name="string", opened="datetime")
    one = fake.add("2-4711", {"division_name": "North", "opened": MOMENT})
    record = ask(fake, "/crm/v3/objects/p_division", properties="division_name,opened").json["results"][0]

    assert ask(fake, "/crm/v3/objects/2-4711").ids == [one]
    assert record["properties"]["opened"] == "2026-06-01T12:00:00Z"
    assert record["updatedAt"] == record["properties"]["hs_lastmodifieddate"]


# ---- one record, many by id


def test_a_record_is_read_by_its_id(fake):
    reply = ask(fake, f"{CONTACTS}/507", properties="city")

    assert (reply.json["id"], reply.status) == ("507", 200)
    assert ask(fake, f"{CONTACTS}/1").status == 404
    assert ask(fake, f"{CONTACTS}/abc").status == 404


def test_an_archived_record_is_found_only_when_archived_ones_are_asked_for(fake):
    fake.archive("contacts", "507")

    assert ask(fake, f"{CONTACTS}/507").status == 404
    assert ask(fake, f"{CONTACTS}/507", archived="true").json["archived"] is True


def test_batch_read_answers_200_when_all_are_there(fake):
    reply = batch(fake, "503", "501")

    assert (reply.status, reply.json["status"], reply.ids) == (200, "COMPLETE", ["501", "503"])
    assert reply.json["results"][0]["properties"]["city"]


def test_batch_read_answers_207_when_some_are_missing(fake):
    reply = batch(fake, "501", "1", "2")

    assert (reply.status, reply.ids, reply.json["numErrors"]) == (207, ["501"], 1)
    assert reply.json["errors"][0]["context"]["ids"] == ["1", "2"]


def test_batch_read_answers_404_when_none_is_there(fake):
    assert batch(fake, "1", "2").status == 404


def test_batch_read_takes_a_hundred(fake):
    ids = fake.ids("contacts")

    assert len(batch(fake, *ids[:100]).ids) == 100
    assert batch(fake, *ids[:101]).status == 400
    assert batch(fake).status == 400
    assert ask(fake, f"{CONTACTS}/batch/read", ["501"]).status == 400


def test_batch_read_finds_archived_records_where_they_are_asked_for(fake):
    fake.archive("contacts", "501")

    assert batch(fake, "501", "502").status == 207
    assert batch(fake, "501", archived="true").ids == ["501"]


def batch(fake, *ids, **query):
    body = {"inputs": [{"id": each} for each in ids], "properties": ["city"], "propertiesWithHistory": []}
    return ask(fake, f"{CONTACTS}/batch/read", body, **query)


# ---- owners and the account


def test_owners_are_paged_and_show_the_people(fake):
    read = list(pages(lambda **after: ask(fake, "/crm/v3/owners", limit=2, **after)))
    one = read[0].json["results"][0]

    assert [page.ids for page in read] == [["40001", "40002"], ["40003"]]
    assert one["userId"] != int(one["id"])
    assert {"email", "firstName", "lastName", "type", "teams", "createdAt", "updatedAt", "archived"} < set(
        one
    )
    assert ask(fake, "/crm/owners/2026-09").ids == fake.ids("owners")


def test_owners_are_read_up_to_500_at_a_time(fake):
    assert ask(fake, "/crm/v3/owners", limit=500).status == 200
    assert ask(fake, "/crm/v3/owners", limit=501).status == 400


def test_an_owner_is_found_by_email(fake):
    mine = fake.add("owners", {"email": "me@example.com", "firstName": "", "userId": 77})

    assert ask(fake, "/crm/v3/owners", email="me@example.com").ids == [mine]
    assert ask(fake, "/crm/v3/owners", email="nobody@example.com").ids == []


def test_a_deactivated_owner_is_only_in_the_archived_list_and_has_no_archived_at(fake):
    fake.archive("owners", "40002")
    gone = ask(fake, "/crm/v3/owners", archived="true").json["results"]

    assert ask(fake, "/crm/v3/owners").ids == ["40001", "40003"]
    assert [(each["id"], each["userId"], each["archived"]) for each in gone] == [("40002", None, True)]
    assert "archivedAt" not in gone[0]


def test_an_edited_owner_moves_its_updated_at(fake):
    fake.clock.freeze(MOMENT)
    fake.edit("owners", "40001", lastName="Renamed")
    one = ask(fake, "/crm/v3/owners").json["results"][0]

    assert (one["lastName"], one["updatedAt"]) == ("Renamed", "2026-06-01T12:00:00Z")
    assert "hs_lastmodifieddate" not in one


def test_owners_of_records_are_ids_of_owners(fake):
    records = ask(fake, CONTACTS, properties="hubspot_owner_id", limit=100).json["results"]
    named = {each["properties"]["hubspot_owner_id"] for each in records} - {None}

    assert named == set(fake.ids("owners"))


def test_the_account_says_which_portal_it_is(fake):
    fake.portal_id = 4711

    assert ask(fake, "/account-info/v3/details").json["portalId"] == 4711
    assert ask(fake, "/account-info/2026-09/details").json["portalId"] == 4711


# ---- who may


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_missing_or_wrong_token_is_refused(fake, token):
    reply = ask(fake, CONTACTS, token=token)

    assert (reply.status, reply.json["category"]) == (401, "INVALID_AUTHENTICATION")
    assert set(reply.json) >= {"status", "message", "correlationId"}


def test_an_expired_token_says_so_until_it_is_renewed(fake):
    fake.expired.add(fake.token)
    fake.tokens["renewed"] = None
    reply = ask(fake, CONTACTS)

    assert (reply.status, reply.json["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert ask(fake, CONTACTS, token="renewed").status == 200


def test_a_token_without_a_scope_is_told_which(fake):
    fake.tokens["narrow"] = {"crm.objects.contacts.read"}
    reply = ask(fake, "/crm/v3/objects/deals", token="narrow")

    assert ask(fake, CONTACTS, token="narrow").status == 200
    assert (reply.status, reply.json["category"]) == (403, "MISSING_SCOPES")
    assert reply.json["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.deals.read"]}
    assert ask(fake, "/crm/v3/owners", token="narrow").status == 403
    assert ask(fake, "/account-info/v3/details", token="narrow").status == 200


# ---- how often


def test_more_than_the_rate_is_refused_until_the_window_has_moved(fake):
    fake.rate_limited, fake.rate = True, RollingWindow(3, 0.5)
    replies = [ask(fake, CONTACTS) for _ in range(4)]

    assert [each.status for each in replies] == [200, 200, 200, 429]
    refused = replies[-1].json
    assert (refused["errorType"], refused["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert refused["message"] == "You have reached your ten_secondly_rolling limit."
    assert "Retry-After" not in replies[-1].headers
    time.sleep(0.5)
    assert ask(fake, CONTACTS).status == 200


def test_search_has_a_rate_of_its_own_and_no_rate_headers(fake):
    fake.rate_limited = True
    replies = [ask(fake, f"{CONTACTS}/search", {}) for _ in range(7)]

    assert [each.status for each in replies].count(429) >= 1
    assert replies[-1].json["policyName"] == "SECONDLY"
    assert not [name for each in replies for name in each.headers if "RateLimit" in name]
    assert ask(fake, CONTACTS).headers["X-HubSpot-RateLimit-Remaining"] == "99"


def test_headers_count_down_what_is_left(fake):
    fake.rate_limited = True
    first, second = ask(fake, CONTACTS), ask(fake, "/crm/v3/owners")

    assert first.headers["X-HubSpot-RateLimit-Max"] == "100"
    assert first.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert [each.headers["X-HubSpot-RateLimit-Remaining"] for each in (first, second)] == ["99", "98"]
    assert second.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "249998"


def test_the_day_has_a_limit_too(fake):
    fake.rate_limited, fake.daily = True, 2
    replies = [ask(fake, CONTACTS) for _ in range(3)]

    assert [each.status for each in replies] == [200, 200, 429]
    assert replies[-1].json["policyName"] == "DAILY"


# ---- edits


def test_an_edit_moves_the_change_time_and_is_seen_at_once_in_the_list(fake):
    fake.clock.freeze(MOMENT)
    ask(fake, CONTACTS)
    fake.edit("contacts", "501", firstname="Ada", lead_cost=12.5, hs_is_unworked=True, city=None)
    record = fake.record("contacts", "501")
    listed = ask(fake, CONTACTS).json["results"][0]

    assert record["updatedAt"] == record["properties"]["lastmodifieddate"] == "2026-06-01T12:00:00Z"
    assert record["properties"].get("hs_lastmodifieddate") is None
    assert [record["properties"][name] for name in ("lead_cost", "hs_is_unworked", "city")] == [
        *("12.5", "true", None),
    ]
    assert (listed["properties"]["firstname"], listed["updatedAt"]) == ("Ada", record["updatedAt"])


def test_companies_and_deals_have_their_change_time_under_another_name(fake):
    fake.clock.freeze(MOMENT)
    for kind, one in (("companies", "8001"), ("deals", "96001")):
        fake.edit(kind, one, description="new")

        assert fake.record(kind, one)["properties"]["hs_lastmodifieddate"] == "2026-06-01T12:00:00Z"


def test_a_recalculated_value_moves_nothing(fake):
    before = fake.record("contacts", "501")
    fake.recalculate("contacts", "501", hs_analytics_num_visits=99)
    after = fake.record("contacts", "501")

    assert after["properties"]["hs_analytics_num_visits"] == "99"
    assert after["updatedAt"] == before["updatedAt"]


def test_a_change_time_can_be_given(fake):
    fake.edit("contacts", "501", lastmodifieddate="2024-01-01T00:00:00Z")
    assert fake.record("contacts", "501")["updatedAt"] == "2024-01-01T00:00:00Z"
    fake.edit("contacts", "501", lastmodifieddate=None)

    assert fake.record("contacts", "501")["properties"]["lastmodifieddate"] is None


def test_new_records_are_created_now_and_have_new_ids(fake):
    fake.clock.freeze(MOMENT)
    several = fake.add("contacts", 3)
    one = fake.add("contacts", {"email": "new@example.com"})

    assert [*several, one] == ["751", "752", "753", "754"]
    assert {fake.record("contacts", each)["createdAt"] for each in several} == {"2026-06-01T12:00:00Z"}
    assert fake.record("contacts", one)["properties"] == {
        "createdate": "2026-06-01T12:00:00Z",
        "email": "new@example.com",
        "hs_object_id": "754",
        "lastmodifieddate": "2026-06-01T12:00:00Z",
    }


def test_a_restored_record_is_back_under_its_id_with_its_old_change_time(fake):
    before = fake.record("contacts", "501")
    fake.archive("contacts", "501")
    fake.restore("contacts", "501")

    assert fake.record("contacts", "501") == before
    assert ask(fake, CONTACTS).ids[0] == "501"
    assert ask(fake, CONTACTS, archived="true").ids == []


def test_of_merged_contacts_the_winner_stays_and_knows_the_loser(fake):
    fake.edit("contacts", "501", tier=None, firstname="Winner")
    fake.edit("contacts", "502", tier="gold", firstname="Loser")
    fake.clock.freeze(MOMENT)
    left = fake.merge("contacts", "501", "502")
    record = fake.record("contacts", left)

    assert left == "501"
    assert [record["properties"][name] for name in ("firstname", "tier", "hs_merged_object_ids")] == [
        *("Winner", "gold", "502"),
    ]
    assert record["updatedAt"] == "2026-06-01T12:00:00Z"
    assert ask(fake, CONTACTS, limit=2).ids == ["501", "503"]
    assert ask(fake, CONTACTS, archived="true").ids == []
    assert ask(fake, f"{CONTACTS}/502").json["id"] == "501"
    assert batch(fake, "501", "502").status == 207


def test_merged_deals_become_a_new_record_and_both_ids_lead_to_it(fake):
    left = fake.merge("deals", "96001", "96002")

    assert left == "96005"
    assert fake.record("deals", left)["properties"]["hs_merged_object_ids"] == "96001;96002"
    assert fake.record("deals", left)["properties"]["hs_object_id"] == left
    assert ask(fake, "/crm/v3/objects/deals").ids == ["96003", "96004", "96005"]
    assert {ask(fake, f"/crm/v3/objects/deals/{each}").json["id"] for each in (96001, 96002)} == {left}


def test_a_chain_of_merges_leads_to_the_last_record(fake):
    first = fake.merge("deals", "96001", "96002")
    last = fake.merge("deals", first, "96003")

    assert ask(fake, "/crm/v3/objects/deals/96001").json["id"] == last
    assert fake.record("deals", last)["properties"]["hs_merged_object_ids"] == f"96001;96002;{first};96003"


def test_a_deletion_for_privacy_leaves_nothing(fake):
    fake.gdpr_delete("contacts", "501")
    fake.archive("contacts", "502")
    fake.gdpr_delete("contacts", "502")

    assert ask(fake, CONTACTS, limit=1).ids == ["503"]
    assert ask(fake, CONTACTS, archived="true").ids == []
    assert ask(fake, f"{CONTACTS}/501").status == 404


def test_a_record_or_type_that_is_not_there_is_named(fake):
    with pytest.raises(ConfigurationError, match="no live record '7' among the contacts"):
        fake.edit("contacts", "7", firstname="x")
    with pytest.raises(ConfigurationError, match=r"no type 'contcts'[^$]*did you mean"):
        fake.add("contcts", 1)
    with pytest.raises(ConfigurationError, match="takes no 'contact'"):
        FakeHubSpot(contact=5)
    with pytest.raises(TypeError, match="cannot be a property"):
        fake.edit("contacts", "501", firstname=["Ada"])


# ---- time and invention


def test_thousands_can_share_one_millisecond(fake):
    fake.clock.freeze(MOMENT)
    made = fake.add("contacts", 2000)

    assert {fake.record("contacts", each)["updatedAt"] for each in made} == {"2026-06-01T12:00:00Z"}


def test_the_clock_is_the_real_one_until_it_is_set(fake):
    assert abs(datetime.now(UTC) - fake.clock.now()) < timedelta(seconds=5)
    fake.clock.set(MOMENT)
    assert timedelta(0) <= fake.clock.now() - MOMENT < timedelta(seconds=5)
    fake.clock.freeze()
    stopped = fake.clock.now()
    fake.clock.advance(60)
    assert fake.clock.now() == stopped + timedelta(seconds=60)
    fake.clock.run()

    assert timedelta(seconds=60) <= fake.clock.now() - stopped < timedelta(seconds=65)


def test_the_same_seed_invents_the_same_records():
    one, same, other = (FakeHubSpot(seed=seed, contacts=20, deals=5, owners=2) for seed in (1, 1, 2))

    assert [one.record("contacts", each) for each in one.ids("contacts")] == [
        same.record("contacts", each) for each in same.ids("contacts")
    ]
    assert one.record("deals", "96001") == same.record("deals", "96001")
    assert one.record("contacts", "501") != other.record("contacts", "501")


def test_invented_contacts_are_filled_as_in_life(fake):
    records = [fake.record("contacts", each)["properties"] for each in fake.ids("contacts")]
    filled = [sum(value is not None for value in each.values()) for each in records]

    assert min(filled) > 15
    assert sum(filled) / len(filled) > 35
    assert {"", None} < {each["price"] for each in records}
    assert all(each["email"] is None or each["email"].endswith("@example.com") for each in records)
    assert all(each["createdate"] <= each["lastmodifieddate"] < "2026" for each in records)
