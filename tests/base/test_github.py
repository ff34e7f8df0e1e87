"""A file in a GitHub repository, over real HTTP."""

from pathlib import Path

import pytest
from aiohttp import web

from ingestion.base.exceptions import AuthenticationError, SourceError
from ingestion.base.plan import SyncPlan
from ingestion.registry import get_engine
from ingestion.sandbox.server import SandboxServer
from ingestion.sync.hubspot.models import HubSpotZipCode

pytestmark = pytest.mark.django_db
PATH = "/repos/acme/lists/contents/geo/zips.csv"


class GitHub:
    """Hands out one file, to those who have the token."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[web.Request] = []
        self.app = web.Application()
        self.app.router.add_get("/{path:.*}", self.answer)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if request.headers.get("Authorization") != "Bearer t0ken":
            return web.json_response({"message": "Bad credentials"}, status=401)
        if request.path != PATH or request.query["ref"] != "main":
            return web.json_response({"message": "Not Found"}, status=404)
        return web.Response(body=self.content, content_type="application/vnd.github.raw+json")


@pytest.fixture
def github(monkeypatch):
    fake = GitHub(b"zip,city\n00501,Holtsville\n01001,Agawam\n")
    with SandboxServer(fake.app) as server:
        names = {"API_URL": server.url, "TOKEN": "t0ken"}
        for name, value in names.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        for name, value in {"OWNER": "acme", "REPO": "lists", "PATH": "geo/zips.csv"}.items():
            monkeypatch.setenv(f"ZIPCODES_{name}", value)
        monkeypatch.setenv("INGESTION_RETRY_SECONDS", "1")
        yield fake


def sync(**options):
    return get_engine("hubspot", "zipcodes")().sync(SyncPlan(options=options))


def test_file_of_the_repository_is_synced(github):
    history = sync()

    assert history.records_created == 2
    assert set(HubSpotZipCode.objects.values_list("zipcode", flat=True)) == {"00501", "01001"}
    assert [request.path for request in github.asked] == [PATH]


def test_file_that_is_named_goes_before_the_repository(github, tmp_path):
    path = Path(tmp_path / "mine.csv")
    path.write_text("zip,city\n10001,New York\n")
    sync(file=path)

    assert HubSpotZipCode.objects.get().zipcode == "10001"
    assert github.asked == []


def test_sweep_over_the_repository_deletes_what_it_does_not_have(github):
    sync()
    github.content = b"zip,city\n00501,Holtsville\n"

    assert sync(sweep=True).records_deleted == 1


def test_wrong_token_is_an_authentication_error(github, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    with pytest.raises(AuthenticationError, match="Bad credentials"):
        sync()

    assert not HubSpotZipCode.objects.exists()


def test_missing_file_is_a_source_error_and_keeps_the_rows(github, monkeypatch):
    sync()
    monkeypatch.setenv("ZIPCODES_BRANCH", "gone")
    with pytest.raises(SourceError, match="Not Found"):
        sync(sweep=True)

    assert HubSpotZipCode.objects.count() == 2
