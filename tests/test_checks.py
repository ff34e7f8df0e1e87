"""`manage.py check`: a wrong declaration is told before anything runs, with what mends it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections, models
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from ingestion.base.commands import alias
from ingestion.base.datasource import Resource
from ingestion.base.processor import BaseProcessor
from ingestion.checks import SyncHistoryValidator, check_declarations
from tests.installing import installed_app
from tests.routing import OneDatabase
from tests.shop.engines import ShopCustomerSyncEngine, ShopOrderSyncEngine, ShopStockSyncEngine
from tests.shop.models import ShopCategory, ShopCustomer, ShopStock

ROOT = Path(__file__).parents[1]


def problems(engine):
    return [(each.id, each.msg, each.hint) for each in SyncHistoryValidator().validate_sync_engine(engine)]


def engine_of(processor, **declared):
    return type("TillSyncEngine", (ShopCustomerSyncEngine,), {"processor_class": processor, **declared})


def processor_of(model, **declared):
    return type("TillProcessor", (BaseProcessor,), {"model": model, "__module__": __name__, **declared})


def customers(**declared):
    """The customers' engine with a processor that differs in this."""
    return engine_of(type("TillProcessor", (ShopCustomerSyncEngine.processor_class,), declared))


def keyed(*constraints, **columns):
    """An engine whose key is (shop, article) of a model with these constraints and columns."""

    class Till(models.Model):
        shop = models.IntegerField()
        article = models.CharField(max_length=40)

        class Meta:
            app_label = "shop"

    for name, column in columns.items():
        Till.add_to_class(name, column)
    Till._meta.constraints = list(constraints)
    return engine_of(processor_of(Till, key=("shop", "article")), resource=Resource("till"), deletes="ignore")


@pytest.fixture
def elsewhere():
    """Names of models that the router sends to another database."""
    yield OneDatabase.elsewhere
    OneDatabase.elsewhere.clear()


# The installed project.


def test_installed_project_is_clean():
    call_command("check", fail_level="WARNING")

    assert check_declarations() == []


def test_a_sync_is_stopped_by_its_own_sources_declarations_and_by_no_others(tmp_path):
    broken = "class SlipsSyncEngine(ShopStockSyncEngine):\n    crm_source, sync_type = 'till', 'slips!'\n"
    with installed_app(tmp_path, "till", broken):
        with pytest.raises(SystemCheckError, match="slips!"):
            alias("till", "slips!")().check()
        alias("shop", "stock")().check()
        with pytest.raises(SystemCheckError, match="slips!"):
            call_command("check")


@pytest.mark.parametrize("engine", [ShopCustomerSyncEngine, ShopOrderSyncEngine, ShopStockSyncEngine])
def test_sound_declaration_has_no_problem(engine):
    assert problems(engine) == []


# Names.


@pytest.mark.parametrize("name", ["HubSpot", "hub_spot", "hub-spot", "4d", "hub spot", "", "höbspot"])
def test_crm_source_is_a_lower_case_name_without_separators(name):
    found = problems(type("Engine", (ShopCustomerSyncEngine,), {"crm_source": name}))

    assert [(number, name in text) for number, text, _ in found] == [("ingestion.E001", True)]


@pytest.mark.parametrize(
    "name", ["Contacts", "contacts_sync", "4contacts", "form-submissions", "form submissions"]
)
def test_sync_type_is_an_entitys_plural_name(name):
    found = problems(type("Engine", (ShopCustomerSyncEngine,), {"sync_type": name}))

    assert [(number, name in text) for number, text, _ in found] == [("ingestion.E001", True)]


@pytest.mark.parametrize(("crm_source", "sync_type"), [("erp4d", "form_submissions"), ("five9", "calls")])
def test_good_names_are_no_problem(crm_source, sync_type):
    declared = {"crm_source": crm_source, "sync_type": sync_type}

    assert problems(type("Engine", (ShopCustomerSyncEngine,), declared)) == []


# Fields.


@pytest.mark.parametrize(
    "declared",
    [
        {"fields": {"emial": "mail"}},
        {"exclude": ("emial",)},
        {"local_fields": ("emial",)},
        {"timestamp_field": "emial"},
        {"key": ("emial",)},
    ],
    ids=str,
)
def test_misspelt_field_names_the_nearest(declared):
    found = problems(customers(**declared))

    assert found[0] == ("ingestion.E002", "ShopCustomer has no field 'emial'.", "Did you mean 'email'?")


def test_field_that_resembles_none_shows_them_all():
    _, text, hint = problems(customers(fields={"xyzzy": "xyzzy"}))[0]

    assert "'xyzzy'" in text
    assert hint.startswith("One of ")
    assert "balance" in hint


# Keys.


def test_processor_without_a_key_is_told_where_the_model_numbers_its_rows():
    found = problems(engine_of(processor_of(ShopStock), resource=Resource("stocks")))

    assert [number for number, _, _ in found] == ["ingestion.E002"]
    assert "does not say which fields identify a record" in found[0][1]


def test_key_of_the_models_own_is_enough():
    assert problems(engine_of(processor_of(ShopCategory), resource=Resource("categories"))) == []


@isolate_apps("tests.shop")
def test_key_without_a_unique_constraint_names_the_line_to_add():
    found = problems(keyed())

    assert found == [
        (
            "ingestion.E003",
            "no unique constraint of Till covers exactly its key (article, shop).",
            'Add models.UniqueConstraint(fields=["article", "shop"], name="…") to Meta.constraints.',
        )
    ]


@pytest.mark.parametrize(
    "constraint",
    [
        models.UniqueConstraint(fields=["shop", "article"], condition=models.Q(shop__gt=0), name="some_rows"),
        models.UniqueConstraint("shop", Lower("article"), name="of_an_expression"),
        models.UniqueConstraint(fields=["shop"], name="part_of_it"),
        models.UniqueConstraint(fields=["shop", "article", "id"], name="more_than_it"),
        models.CheckConstraint(condition=models.Q(shop__gt=0), name="not_unique"),
    ],
    ids=lambda constraint: constraint.name,
)
@isolate_apps("tests.shop")
def test_constraint_that_does_not_cover_exactly_the_key_for_all_rows_is_not_enough(constraint):
    assert [number for number, _, _ in problems(keyed(constraint))] == ["ingestion.E003"]


@isolate_apps("tests.shop")
def test_constraint_on_the_key_is_enough_in_any_order():
    assert problems(keyed(models.UniqueConstraint(fields=["article", "shop"], name="key"))) == []


@isolate_apps("tests.shop")
def test_unique_together_is_enough():
    engine = keyed()
    engine.processor_class.model._meta.unique_together = (("shop", "article"),)

    assert problems(engine) == []


@isolate_apps("tests.shop")
def test_key_with_a_foreign_key_may_be_named_as_the_model_names_it():
    class Part(models.Model):
        customer = models.ForeignKey(ShopCustomer, models.CASCADE)
        place = models.IntegerField()

        class Meta:
            app_label = "shop"
            constraints = [models.UniqueConstraint(fields=["customer", "place"], name="part_key")]

    for key in ("customer", "customer_id"):
        processor = processor_of(Part, key=(key, "place"))
        assert problems(engine_of(processor, resource=Resource("parts"), deletes="ignore")) == []


# Timestamps, deletes, databases.


def test_cursor_needs_a_timestamp_field():
    found = problems(customers(timestamp_field=None))

    assert found == [
        (
            "ingestion.E005",
            "cursor 'updated_at', but TillProcessor has no timestamp_field.",
            "Name the model's column with the source's time of last change.",
        )
    ]


@pytest.mark.parametrize("name", ["city", "visits"])
def test_timestamp_field_is_a_datetime_field(name):
    found = problems(customers(timestamp_field=name))

    assert [(number, text) for number, text, _ in found] == [
        ("ingestion.E005", f"timestamp_field {name!r} is no DateTimeField.")
    ]


@isolate_apps("tests.shop")
def test_a_date_is_no_timestamp_field():
    engine = keyed(
        models.UniqueConstraint(fields=["shop", "article"], name="key"), counted_on=models.DateField()
    )
    engine.processor_class.timestamp_field = "counted_on"

    assert [number for number, _, _ in problems(engine)] == ["ingestion.E005"]


@pytest.mark.parametrize("deletes", ["tombstone", "sweep"])
@isolate_apps("tests.shop")
def test_deletes_need_a_column_to_mark_them_in(deletes):
    engine = keyed(models.UniqueConstraint(fields=["shop", "article"], name="key"))
    engine.deletes = deletes

    assert [(number, hint) for number, _, hint in problems(engine)] == [
        ("ingestion.E006", "Derive the model from ingestion.models.SourceModel.")
    ]


def test_model_that_is_written_to_another_database_names_the_line_to_add(elsewhere):
    elsewhere["ShopCustomer"] = "warehouse"
    found = problems(ShopCustomerSyncEngine)

    assert [(number, text) for number, text, _ in found] == [
        ("ingestion.E004", "ShopCustomer is written to database 'warehouse', SyncHistory to 'default'.")
    ]
    assert "`if model._meta.app_label in ('ingestion', 'shop'): return 'warehouse'`" in found[0][2]


def test_check_command_fails_for_it(elsewhere):
    elsewhere["ShopCustomer"] = "warehouse"

    assert "ingestion.E004" in [each.id for each in check_declarations()]


# Engines together.


def till(name, base=ShopCustomerSyncEngine, **declared):
    lines = "".join(f"    {key} = {value}\n" for key, value in declared.items())
    return (
        f"class {name.title()}SyncEngine({base.__name__}):\n"
        f"    crm_source = 'till'\n    sync_type = {name!r}\n    deletes = 'ignore'\n{lines}"
    )


def checked(folder, engines, crm_source="till"):
    with installed_app(folder, crm_source, engines):
        return [(each.id, each.msg) for each in check_declarations()]


def test_circle_in_after_is_told(tmp_path):
    found = checked(tmp_path, till("slips", after=("items",)) + till("items", after=("slips",)))

    assert [number for number, _ in found] == ["ingestion.E007"]
    assert "goes round in a circle" in found[0][1]


def test_unknown_name_in_after_is_told(tmp_path):
    found = checked(tmp_path, till("slips", after=("item",)) + till("items"))

    assert found == [("ingestion.E007", "SlipsSyncEngine.after names 'item', which till does not have.")]


def test_entity_that_is_taken_is_told(tmp_path):
    found = checked(tmp_path, till("slips") + till("slips").replace("Slips", "Other"))

    assert [number for number, _ in found] == ["ingestion.E000"]
    assert "both sync till slips" in found[0][1]


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"deletes": "'sweep'"}, {}, 3),
        ({"deletes": "'sweep'", "scope": {"shop": 1}}, {"scope": {"shop": 2}}, 1),
        ({"deletes": "'sweep'", "scope": {"shop": 1}}, {}, 2),
    ],
    ids=["none has a scope", "both have one", "one has one"],
)
def test_engines_that_share_a_table_that_is_swept_need_each_a_scope(tmp_path, one, other, told):
    found = checked(
        tmp_path, till("slips", ShopStockSyncEngine, **one) + till("items", ShopStockSyncEngine, **other)
    )

    assert [number for number, _ in found] == ["ingestion.E008"] * told


def test_engines_that_share_a_table_and_do_not_sweep_need_no_scope(tmp_path):
    assert checked(tmp_path, till("slips") + till("items")) == []


@pytest.mark.parametrize("missing", ["resource", "client_class", "processor_class"])
def test_engine_that_lacks_a_part_of_its_declaration_is_told(tmp_path, missing):
    parts = {
        "resource": "Resource('slips')",
        "client_class": "MemorySource",
        "processor_class": "ShopCustomerSyncEngine.processor_class",
    }
    lines = "".join(f"    {name} = {value}\n" for name, value in parts.items() if name != missing)
    bare = "class SlipsSyncEngine(BaseSyncEngine):\n    crm_source = 'till'\n    sync_type = 'slips'\n"
    found = checked(tmp_path, bare + lines)

    assert found == [("ingestion.E001", f"SlipsSyncEngine declares no {missing}.")]


# The database, and apps that are missing.


def test_sqlite_that_takes_its_lock_late_is_warned_of(monkeypatch):
    monkeypatch.delitem(connections.settings["default"]["OPTIONS"], "transaction_mode")
    found = check_declarations()

    assert [(each.id, each.is_serious()) for each in found] == [("ingestion.W001", False)]
    assert "'transaction_mode': 'IMMEDIATE'" in found[0].hint


def test_source_that_is_not_installed_says_which_line_to_add(tmp_path):
    (tmp_path / "bare_settings.py").write_text(
        "from config.settings import *\n"
        "INSTALLED_APPS = [app for app in INSTALLED_APPS if app != 'ingestion.sync.hubspot']\n"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bare_settings",
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
    }
    code = "import django; django.setup(); import ingestion.sync.hubspot.models"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert "ImproperlyConfigured: HubSpot" in ended.stderr
    assert "fix: add 'ingestion.sync.hubspot' to INSTALLED_APPS, then run manage.py migrate" in ended.stderr
