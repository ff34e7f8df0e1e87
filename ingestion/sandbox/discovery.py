"""Which fakes there are: the module `sandbox` of an installed source names its own as `FAKE`."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

from ingestion.base.exceptions import ConfigurationError, hint
from ingestion.registry import sources
from ingestion.sandbox.fake import Fake


def fakes() -> dict[str, type[Fake]]:
    """crm_source → its fake, of every installed source that has one."""
    modules = {name: f"{app.name}.sandbox" for name, app in sources().items()}
    return {name: import_module(module).FAKE for name, module in modules.items() if find_spec(module)}


def chosen(only: Iterable[str], added: Iterable[str] = ()) -> dict[str, type[Fake]]:
    """The named fakes, or all that are not on demand, and those added to them.

    Raises ConfigurationError for a name that is none.
    """
    found, names, more = fakes(), list(only), list(added)
    for name in (*names, *more):
        if name not in found:
            raise ConfigurationError(
                f"there is no sandbox of {name!r}",
                fix=hint(
                    name, sorted(found), f"one of {', '.join(sorted(found)) or 'none: install a source'}"
                ),
            )
    wanted = names or [name for name, fake in found.items() if not fake.on_demand]
    return {name: fake for name, fake in found.items() if name in (*wanted, *more)}
