"""The sandbox over real HTTP, and settings that make its faults quick."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.sandbox.server import SandboxServer
from ingestion.sync.arrivy.sandbox import FakeArrivy
from ingestion.sync.callrail.sandbox import FakeCallRail
from ingestion.sync.hubspot.sandbox import FakeHubSpot
from ingestion.sync.leadconduit.sandbox import FakeLeadConduit
from ingestion.sync.salesrabbit.sandbox import FakeSalesRabbit

CANARY = "canary-7f3a91c2"


@pytest.fixture
def hubspot(monkeypatch) -> Iterator[FakeHubSpot]:
    """An empty portal whose clock stands five minutes ago: what is edited now lies within the next window."""
    fake = FakeHubSpot(rate_limited=False)
    fake.tokens = {CANARY: None}
    fake.clock.set(datetime.now(UTC) - timedelta(minutes=5))
    with SandboxServer(fake):
        monkeypatch.setenv("HUBSPOT_API_URL", fake.url)
        monkeypatch.setenv("HUBSPOT_API_TOKEN", CANARY)
        monkeypatch.setenv("INGESTION_RETRY_SECONDS", "2")
        monkeypatch.setenv("INGESTION_RETRY_ATTEMPTS", "3")
        monkeypatch.setenv("INGESTION_HTTP_TIMEOUT", "1")
        yield fake


@pytest.fixture
def callrail(monkeypatch) -> Iterator[FakeCallRail]:
    """One account with two companies and nothing else; its clock stands five minutes ago."""
    fake = FakeCallRail(rate_limited=False)
    fake.keys = {CANARY}
    fake.clock.set(datetime.now(UTC) - timedelta(minutes=5))
    with SandboxServer(fake):
        monkeypatch.setenv("CALLRAIL_API_URL", fake.url)
        monkeypatch.setenv("CALLRAIL_API_KEY", CANARY)
        monkeypatch.setenv("CALLRAIL_API_RATE", "1000/1")
        monkeypatch.setenv("INGESTION_RETRY_SECONDS", "2")
        monkeypatch.setenv("INGESTION_RETRY_ATTEMPTS", "3")
        monkeypatch.setenv("INGESTION_HTTP_TIMEOUT", "2")
        yield fake


@pytest.fixture
def salesrabbit(monkeypatch) -> Iterator[FakeSalesRabbit]:
    """An empty account whose clock stands an hour ago."""
    fake = FakeSalesRabbit(rate_limited=False)
    fake.tokens = {CANARY}
    fake.clock.set(datetime.now(UTC) - timedelta(hours=1))
    monkeypatch.setenv("SALESRABBIT_API_RATE", "1000/1")
    yield from served(fake, monkeypatch)


@pytest.fixture
def leadconduit(monkeypatch) -> Iterator[FakeLeadConduit]:
    """An empty account whose clock stands a day ago."""
    fake = FakeLeadConduit(rate_limited=False)
    fake.keys = {CANARY}
    fake.clock.set(datetime.now(UTC) - timedelta(days=1))
    monkeypatch.setenv("LEADCONDUIT_API_RATE", "1000/1")
    yield from served(fake, monkeypatch)


def served(fake, monkeypatch):
    """A fake over HTTP, and settings that point at it and make its faults quick."""
    with SandboxServer(fake):
        quick = {"RETRY_SECONDS": "2", "RETRY_ATTEMPTS": "3", "HTTP_TIMEOUT": "1"}
        for name, value in {**fake.settings(), **{f"INGESTION_{k}": v for k, v in quick.items()}}.items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
def arrivy(monkeypatch) -> Iterator[FakeArrivy]:
    """An empty account whose clock stands five minutes ago."""
    fake = FakeArrivy(rate_limited=False)
    fake.keys = {(CANARY, f"{CANARY}-token")}
    fake.clock.set(datetime.now(UTC) - timedelta(minutes=5))
    with SandboxServer(fake):
        for name, value in fake.settings().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ARRIVY_API_RATE", "1000/1")
        monkeypatch.setenv("INGESTION_RETRY_SECONDS", "2")
        monkeypatch.setenv("INGESTION_RETRY_ATTEMPTS", "3")
        monkeypatch.setenv("INGESTION_HTTP_TIMEOUT", "1")
        yield fake
