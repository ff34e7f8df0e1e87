"""The sandbox's Arrivy has the habits of the real one, so that what passes here is no surprise there."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from ingestion.base.exceptions import ConfigurationError
from ingestion.sandbox.rates import RollingWindow
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.arrivy.sandbox import FIRST_ID, FakeArrivy

KEYS = {"X-Auth-Key": "sandbox-key", "X-Auth-Token": "sandbox-token"}


@pytest.fixture
def fake():
    one = FakeArrivy(customers=120, groups=130, tasks=40, bookings=20, statuses=8, rate_limited=False)
    with SandboxServer(one):
        yield one


def get(fake, path, keys=KEYS):
    """Status, body and headers of a request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{fake.url}/{path}", headers=keys)) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers


def test_list_is_bare_and_in_the_order_of_creation(fake):
    status, body, _ = get(fake, "customers")

    assert (status, [each["id"] for each in body[:2]]) == (200, [FIRST_ID, FIRST_ID + 2])


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("groups", 100),
        ("groups?page=2", 30),
        ("customers", 120),
        ("customers?page=2&items_per_page=100", 20),
        ("customers?page=9", 0),
        ("customers?page=2&page_size=10", 0),
        ("statuses?page=7", 8),
    ],
)
def test_pages_have_their_usual_size_and_know_one_parameter(path, count, fake):
    assert len(get(fake, path)[1]) == count


def test_each_list_of_tasks_leaves_the_others_out(fake):
    queries = ("", "?unscheduled=false", "?unscheduled=true", "?tasks_with_no_datetime=true")

    assert [len(get(fake, f"tasks{query}")[1]) for query in queries] == [32, 32, 4, 4]


def test_from_and_to_are_the_time_of_a_task_and_both_included(fake):
    fake.add("tasks", start_datetime="2016-10-14T07:00:00")
    day = urllib.parse.urlencode({"from": "2016-10-14T08:00:00+01:00", "to": "2016-10-14T07:00:00+00:00"})

    assert len(get(fake, f"tasks?{day}")[1]) == 1


def test_offset_whose_plus_was_lost_is_refused(fake):
    status, body, _ = get(fake, "tasks?from=2016-10-14T08:00:00+01:00")

    assert (status, body["message"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("query", ["page=0", "page=x", "items_per_page=-1"])
def test_page_that_is_no_number_is_refused(query, fake):
    assert get(fake, f"customers?{query}")[0] == 400


@pytest.mark.parametrize("keys", [{}, {"X-Auth-Key": "sandbox-key"}, {**KEYS, "X-Auth-Token": "wrong"}])
def test_both_keys_are_needed(keys, fake):
    status, body, _ = get(fake, "customers", keys)

    assert (status, body["message"]) == (401, "UNAUTHORIZED")


def test_too_many_requests_are_refused_with_the_time_to_wait(fake):
    fake.rate_limited, fake.rate = True, RollingWindow(2, 60)
    answers = [get(fake, "statuses") for _ in range(3)]

    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert (answers[2][1]["message"], answers[2][2]["Retry-After"]) == ("TOO_MANY_REQUESTS", "60")


def test_one_thing_is_read_by_its_id_until_it_is_deleted(fake):
    id = fake.ids("customers")[0]
    before = get(fake, f"customers/{id}")
    fake.delete("customers", id)

    assert before[1]["id"] == int(id)
    assert get(fake, f"customers/{id}")[0] == 404
    assert len(get(fake, "customers")[1]) == 119


@pytest.mark.parametrize("path", ["nothing", "customers/abc", "tasks/1/status"])
def test_what_is_not_there_is_not_found(path, fake):
    status, body, _ = get(fake, path)

    assert (status, body["message"]) == (404, "NOT_FOUND")


def test_bookings_are_asked_for_by_their_change(fake):
    fake.clock.advance(10)
    since = urllib.parse.quote(fake.now() + "+00:00")
    fake.clock.advance(1)
    id = fake.ids("bookings")[3]
    fake.edit("bookings", id, title="moved")

    assert [each["id"] for each in get(fake, f"bookings?updated_after={since}")[1]] == [int(id)]


def test_same_seed_makes_the_same_account():
    one, same, other = (FakeArrivy(seed=seed, customers=30) for seed in (1, 1, 2))
    names = [
        [fake.record("customers", id)["email"] for id in fake.ids("customers")] for fake in (one, same, other)
    ]

    assert names[0] == names[1] != names[2]


def test_what_there_is_not_is_refused_with_a_way_out():
    with pytest.raises(ConfigurationError, match="takes no 'customer'"):
        FakeArrivy(customer=5)
    with pytest.raises(ConfigurationError, match="the account has no 'task'"):
        FakeArrivy().add("task")
    with pytest.raises(ConfigurationError, match="there is no '5' among the tasks"):
        FakeArrivy().edit("tasks", "5")
