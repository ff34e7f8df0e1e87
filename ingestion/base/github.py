"""A file in a GitHub repository as a source: fetched once per run, then read like any file."""

import tempfile
from pathlib import Path
from typing import ClassVar, Self

from ingestion.base.auth import Auth, Bearer
from ingestion.base.client import BaseAPIClient
from ingestion.base.datasource import Resource
from ingestion.base.files import OPTIONS, FileDataSource
from ingestion.base.limits import RateLimit
from ingestion.base.pagination import Request
from ingestion.base.plan import SyncPlan
from ingestion.base.records import digest
from ingestion.conf import setting


class GitHubClient(BaseAPIClient):
    """Fetches raw files by GitHub's contents API (`GITHUB_TOKEN` where the repository is private)."""

    url_setting = "GITHUB_API_URL"
    default_url = "https://api.github.com"
    rate = RateLimit(60, 60)
    auth_fix = "check GITHUB_TOKEN and its access to the repository"
    accept: ClassVar[str] = "application/vnd.github.raw+json"

    @classmethod
    def from_settings(cls, *, page_size: int = 0) -> Self:
        """With the token, where there is one."""
        token = setting("GITHUB_TOKEN")
        return cls(
            setting(cls.url_setting, cls.default_url), Bearer(token) if token else Auth(), page_size=page_size
        )

    async def fetch(self, owner: str, repository: str, path: str, branch: str) -> bytes:
        """The bytes of a file. Raises what `BaseAPIClient.request` raises."""
        request = Request(f"repos/{owner}/{repository}/contents/{path}", {"ref": branch}, accept=self.accept)
        content: bytes = (await self.request(request)).body
        return content


class RepositoryFile(FileDataSource):
    """The file that `--file` names, else the one in the repository that the settings name.

    The resource's option `repository` is the prefix of the settings `_OWNER`, `_REPO`, `_BRANCH` and `_PATH`.
    """

    prefix: str = ""
    wanted: str = ""
    fetched: str = ""

    @classmethod
    def from_plan(cls, plan: SyncPlan, resource: Resource) -> Self:
        """A local file, or one that is fetched when the run begins."""
        options = {name: value for name, value in resource.options.items() if name in OPTIONS}
        if plan.options.get("file"):
            return super().from_plan(plan, Resource(resource.name, options=options))
        prefix = resource.options["repository"]
        path = setting(f"{prefix}_PATH") or f"{resource.name}.csv"
        source = cls(Path(path).name, **options)
        source.prefix, source.wanted = prefix, path
        return source

    @classmethod
    def lacks(cls, plan: SyncPlan, resource: Resource) -> str:
        """A file, or the settings of a repository."""
        prefix = resource.options["repository"]
        if plan.options.get("file") or (setting(f"{prefix}_OWNER") and setting(f"{prefix}_REPO")):
            return ""
        return f"add --file PATH, or set {prefix}_OWNER, {prefix}_REPO and {prefix}_PATH"

    async def __aenter__(self) -> Self:
        if self.prefix:
            owner, repository = setting(f"{self.prefix}_OWNER"), setting(f"{self.prefix}_REPO")
            async with GitHubClient.from_settings() as client:
                branch = setting(f"{self.prefix}_BRANCH", "main")
                content = await client.fetch(owner, repository, self.wanted, branch)
            self.folder = tempfile.TemporaryDirectory(prefix="ingestion-")
            self.path = Path(self.folder.name) / self.path.name
            self.path.write_bytes(content)
            self.fetched = digest(content.decode("latin-1"))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self.prefix:
            self.folder.cleanup()

    def version(self) -> str:
        """The file's content: a copy that was fetched again is the same file if its bytes are."""
        return f"{self.wanted}:{self.fetched}" if self.prefix else super().version()
