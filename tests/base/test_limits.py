"""Rates, and when a service wants to be asked again."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ingestion.base.auth import Auth, Basic, Bearer, HeaderPairs, OAuth, Signed
from ingestion.base.exceptions import AuthenticationError, ConfigurationError
from ingestion.base.limits import Pace, RateLimit, pace_of, retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert retry_after({"Retry-After": text}, NOW) == seconds


def spent(pace, requests):
    async def ask():
        moments = []
        for _ in range(requests):
            await pace.wait()
            moments.append(time.monotonic())
        return moments

    return asyncio.run(ask())


def test_no_window_ever_has_more_requests_than_declared():
    moments = spent(Pace(RateLimit(10, 0.2)), 35)

    assert all(later - first >= 0.199 for first, later in zip(moments, moments[10:], strict=False))


def test_requests_under_way_together_keep_the_rate_too():
    pace, moments = Pace(RateLimit(5, 0.2)), []

    async def ask():
        await pace.wait()
        moments.append(time.monotonic())

    async def ask_all():
        await asyncio.gather(*(ask() for _ in range(20)))

    asyncio.run(ask_all())

    assert all(later - first >= 0.2 for first, later in zip(moments, moments[5:], strict=False))
    assert len(moments) == 20


def test_runs_in_other_threads_share_the_quota_of_an_address():
    limit = RateLimit(5, 0.2)
    with ThreadPoolExecutor(4) as pool:
        each = pool.map(lambda _: spent(pace_of("https://shared.example/", "", limit), 5), range(4))
        moments = sorted(moment for moments in each for moment in moments)

    assert all(later - first >= 0.2 for first, later in zip(moments, moments[5:], strict=False))


def test_other_addresses_and_lanes_have_a_quota_of_their_own():
    limit = RateLimit(1, 60)
    paces = [
        pace_of(address, lane, limit) for address in ("https://a/", "https://b/") for lane in ("", "search")
    ]

    assert [pace.next_pause() for pace in paces] == [0.0] * 4
    assert pace_of("https://a/", "", limit).next_pause() > 59


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/1", RateLimit(10, 1, "X-Left")),
        (" 3 / 0.5 ", RateLimit(3, 0.5, "X-Left")),
        ("7", RateLimit(7, 1, "X-Left")),
        ("", RateLimit(2, 60, "X-Left")),
    ],
)
def test_a_setting_replaces_the_declared_rate(text, rate):
    declared = RateLimit(2, 60, "X-Left")

    assert RateLimit.from_text(text, setting="SHOP_API_RATE", declared=declared) == rate


@pytest.mark.parametrize("text", ["fast", "0/1", "5/0", "-1/1", "1/1/1", "1.5/1"])
def test_what_is_no_rate_is_refused_by_name(text):
    with pytest.raises(ConfigurationError, match=r"SHOP_API_RATE: .* is not a rate"):
        RateLimit.from_text(text, setting="SHOP_API_RATE")


def test_without_a_limit_nothing_waits():
    assert len(spent(Pace(None), 1000)) == 1000


def test_pace_heeds_the_services_own_count():
    pace = Pace(RateLimit(100, 0.2, remaining="X-Left"))
    pace.adapt({"X-Left": "0"})
    begin = time.monotonic()

    assert spent(pace, 1)[0] - begin >= 0.19


def test_quota_that_our_own_requests_have_used_costs_no_second_wait():
    pace = Pace(RateLimit(10, 0.4, remaining="X-Left"))
    moments = spent(pace, 10)
    time.sleep(0.2)
    pace.adapt({"X-Left": "0"})

    assert spent(pace, 1)[0] - moments[0] < 0.55


def test_pace_holds_for_as_long_as_it_is_told():
    pace = Pace(None)
    pace.hold(0.2)
    begin = time.monotonic()

    assert spent(pace, 1)[0] - begin >= 0.19


SECRET = "canary-8c1f"


async def fetch(url, form):
    return {"access_token": f"fresh-{form['n']}", "expires_in": 1800}


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (Bearer(SECRET), f"Bearer {SECRET}"),
        (Bearer(SECRET, "token"), f"token {SECRET}"),
        (Basic("ada", SECRET), "Basic YWRhOmNhbmFyeS04YzFm"),
        (HeaderPairs({"Authorization": SECRET}), SECRET),
        (Signed(lambda method, url: {"Authorization": f"{method} {url}"}), "GET u"),
        (OAuth("https://t", {"n": "1"}), "Bearer fresh-1"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_way_to_say_who_we_are_makes_its_header(auth, header):
    assert asyncio.run(auth.headers("GET", "u", fetch))["Authorization"] == header


@pytest.mark.parametrize(
    "auth", [Bearer(SECRET), Basic("ada", SECRET), HeaderPairs({"k": SECRET}), Auth()], ids=repr
)
def test_no_secret_is_in_the_text_of_credentials(auth):
    assert SECRET not in repr(auth) + str(auth) + f"{auth!r}"


def test_oauth_asks_once_while_its_token_lives_and_again_after_a_401():
    asked = []

    async def counted(url, form):
        asked.append(url)
        return {"access_token": f"t{len(asked)}", "expires_in": 1800}

    async def scenario():
        auth = OAuth("https://t", {})
        tokens = [(await auth.headers("GET", "u", counted))["Authorization"] for _ in range(3)]
        await auth.renew(counted)
        return [*tokens, (await auth.headers("GET", "u", counted))["Authorization"]]

    assert asyncio.run(scenario()) == ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]
    assert len(asked) == 2


def test_oauth_token_about_to_end_is_renewed_before_it_does():
    async def short(url, form):
        return {"access_token": "x", "expires_in": 30}

    async def scenario():
        auth = OAuth("https://t", {})
        await auth.headers("GET", "u", short)
        before = auth.token.until
        await asyncio.sleep(0.01)
        await auth.headers("GET", "u", short)
        return auth.token.until > before

    assert asyncio.run(scenario())


def test_oauth_answer_without_a_token_is_an_authentication_error():
    async def refused(url, form):
        return {"error": "invalid_grant"}

    with pytest.raises(AuthenticationError, match="without an access_token"):
        asyncio.run(OAuth("https://t", {}).headers("GET", "u", refused))
