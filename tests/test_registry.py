"""What is installed: how sources and engines are found, who may take an entity over, who runs first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from ingestion.base.exceptions import ConfigurationError
from ingestion.registry import (
    PRODUCT,
    available,
    declared,
    engines,
    get_engine,
    ordered,
    source_apps,
    sources,
)
from ingestion.sync.hubspot.engines import HubSpotZipCodeSyncEngine
from tests.installing import installed_app
from tests.shop.engines import ShopCustomerSyncEngine, ShopOrderSyncEngine, ShopStockSyncEngine

ROOT = Path(__file__).parents[1]
RIVAL = """
class RivalSyncEngine(BaseSyncEngine):
    crm_source = "shop"
    sync_type = "customers"
    resource = Resource("rivals")
    client_class = MemorySource
    processor_class = ShopCustomerSyncEngine.processor_class
"""
TAKES_OVER = f"{RIVAL}    replaces = True\n"


def entities(crm_source, **after):
    """Declarations of entities, each with what it runs after."""
    return "".join(
        f"class {name.title()}SyncEngine(ShopStockSyncEngine):\n"
        f"    crm_source = {crm_source!r}\n    sync_type = {name!r}\n    after = {tuple(names)!r}\n"
        for name, names in after.items()
    )


# Sources and engines.


def test_sources_are_the_installed_apps_with_a_source_config():
    found = {name: config.name for name, config in sources().items()}

    assert found.items() >= {"hubspot": "ingestion.sync.hubspot", "shop": "tests.shop"}.items()
    assert "ingestion" not in found.values()


def test_engines_are_found_by_source_and_entity():
    assert engines()["hubspot", "zipcodes"] is HubSpotZipCodeSyncEngine
    assert engines()["shop", "orders"] is ShopOrderSyncEngine


def test_engines_of_one_source_are_its_own():
    assert engines("shop") == {
        ("shop", "customers"): ShopCustomerSyncEngine,
        ("shop", "orders"): ShopOrderSyncEngine,
        ("shop", "stocks"): ShopStockSyncEngine,
    }
    assert engines("nobody") == {}


def test_engine_without_a_name_or_from_another_module_is_no_declaration():
    assert [engine.__name__ for engine in declared("tests.shop")] == [
        *("ShopCustomerSyncEngine", "ShopOrderSyncEngine", "ShopStockSyncEngine")
    ]


def test_users_own_app_is_found_in_the_same_way(tmp_path):
    with installed_app(tmp_path, "till", entities("till", slips=[])) as name:
        found, app = engines("till"), sources()["till"].name

    assert app == name
    assert [engine.__name__ for engine in found.values()] == ["SlipsSyncEngine"]


def test_source_without_engines_is_a_source_all_the_same(tmp_path):
    with installed_app(tmp_path, "till"):
        assert "till" in sources()
        assert engines("till") == {}


def test_what_is_not_installed_is_available(settings):
    everything = available()
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "ingestion.sync.hubspot"]

    assert "ingestion.sync.hubspot" not in everything
    assert "ingestion.sync.hubspot" in available()
    assert "hubspot" not in sources()


def test_engines_of_one_source_leave_the_libraries_of_the_others_unread():
    """A run starts sooner so: a database needs no HTTP client."""
    code = (
        "import sys, django; django.setup(); from ingestion.registry import get_engine; "
        "get_engine('genius', 'leads'); print({'aiohttp', 'zeep'} & {*sys.modules})"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"


def test_the_products_own_sources_declare_their_own_entities_alone():
    for app in source_apps():
        if app.name.startswith(PRODUCT):
            assert {engine.crm_source for engine in declared(app.name)} <= {app.crm_source}


# Taking over.


@pytest.mark.parametrize("crm_source", ["rivals", "shop"])
def test_taken_entity_is_an_error_that_names_both_engines(tmp_path, crm_source):
    with installed_app(tmp_path, crm_source, RIVAL), pytest.raises(ConfigurationError) as refused:
        engines()

    assert "RivalSyncEngine and tests.shop.engines.ShopCustomerSyncEngine both sync shop customers" in str(
        refused.value
    )
    assert "replaces = True" in refused.value.fix


@pytest.mark.parametrize("crm_source", ["rivals", "shop"])
def test_engine_that_replaces_takes_the_entity_over_and_leaves_the_others(tmp_path, crm_source):
    with installed_app(tmp_path, crm_source, TAKES_OVER):
        found = engines("shop")

    assert found["shop", "customers"].__name__ == "RivalSyncEngine"
    assert found["shop", "orders"] is ShopOrderSyncEngine


def test_order_of_installation_does_not_matter_to_the_one_that_replaces(tmp_path, settings):
    with (
        installed_app(tmp_path, "rivals", TAKES_OVER) as name,
        override_settings(INSTALLED_APPS=[name, *(app for app in settings.INSTALLED_APPS if app != name)]),
    ):
        found = engines("shop")

    assert found["shop", "customers"].__name__ == "RivalSyncEngine"


# By name.


def test_engine_is_got_by_its_names():
    assert get_engine("shop", "orders") is ShopOrderSyncEngine


@pytest.mark.parametrize(
    ("crm_source", "sync_type", "what", "fix"),
    [
        ("shop", "order", "shop has no entity 'order'", "did you mean 'orders'?"),
        ("shop", "xyz", "shop has no entity 'xyz'", "one of customers, orders, stocks"),
        ("hubspots", "zipcodes", "no source 'hubspots' is installed", "did you mean 'hubspot'?"),
        ("xyz", "orders", "no source 'xyz' is installed", "manage.py sync_list --available"),
        ("", "", "no source '' is installed", "manage.py sync_list --available"),
    ],
)
def test_unknown_name_is_an_error_with_a_way_out(crm_source, sync_type, what, fix):
    with pytest.raises(ConfigurationError) as refused:
        get_engine(crm_source, sync_type)

    assert refused.value.what == what
    assert fix in refused.value.fix


# Order.


def test_entities_come_after_those_they_name(tmp_path):
    declared_in = entities("till", items=["slips", "goods"], slips=["shops"], goods=[], shops=[])
    with installed_app(tmp_path, "till", declared_in):
        order = [engine.sync_type for engine in ordered("till")]

    assert sorted(order) == ["goods", "items", "shops", "slips"]
    assert order.index("shops") < order.index("slips") < order.index("items")
    assert order.index("goods") < order.index("items")


def test_shops_orders_come_after_its_customers():
    order = ordered("shop")

    assert order.index(ShopCustomerSyncEngine) < order.index(ShopOrderSyncEngine)


@pytest.mark.parametrize("after", [{"slips": ["slips"]}, {"slips": ["items"], "items": ["slips"]}], ids=str)
def test_circle_is_an_error_that_shows_it(tmp_path, after):
    with (
        installed_app(tmp_path, "till", entities("till", **after)),
        pytest.raises(
            ConfigurationError, match=r"till: after goes round in a circle: .*slips.* → "
        ) as refused,
    ):
        ordered("till")

    assert refused.value.fix == "take one of these names out of its after"


def test_unknown_name_in_after_is_an_error_with_the_nearest(tmp_path):
    with (
        installed_app(tmp_path, "till", entities("till", slips=[], items=["slip"])),
        pytest.raises(ConfigurationError, match=r"ItemsSyncEngine\.after names 'slip'") as refused,
    ):
        ordered("till")

    assert refused.value.fix == "did you mean 'slips'?"


def test_source_without_entities_has_no_order():
    assert ordered("nobody") == []
