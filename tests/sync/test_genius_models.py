"""Genius's tables: every column of the specification, where it lies beside the repository, and relations."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

from ingestion.base.processor import BaseProcessor
from ingestion.registry import engines
from ingestion.sync import genius
from ingestion.sync.genius import processors

SPECIFICATION = Path(__file__).parents[3] / "shared" / "sources" / "genius" / "fields.md"
TABLES = {
    **{"division_group": "DivisionGroup", "division_region": "DivisionRegion", "division": "Division"},
    **{"user_title": "UserTitle", "user_data": "UserData", "users_userassociations": "UserAssociation"},
    **{"service": "Service", "appointment_type": "AppointmentType", "prospect": "Prospect", "lead": "Lead"},
    **{"appointment_outcome_type": "AppointmentOutcomeType", "appointment_outcome": "AppointmentOutcome"},
    **{"marketing_source_type": "MarketingSourceType", "marketing_source": "MarketingSource"},
    **{"marketsharp_source": "MarketSharpSource", "prospect_source": "ProspectSource", "job": "Job"},
    **{"marketsharp_marketing_source_map": "MarketSharpMarketingSourceMap", "appointment": "Appointment"},
    **{"appointment_to_service": "AppointmentService", "quote": "Quote", "job_status": "JobStatus"},
    **{"job_financing": "JobFinancing", "job_change_order": "JobChangeOrder"},
    **{"job_change_order_item": "JobChangeOrderItem", "job_change_order_reason": "JobChangeOrderReason"},
    **{"job_change_order_status": "JobChangeOrderStatus", "job_change_order_type": "JobChangeOrderType"},
    **{"integration_field": "IntegrationField", "integration_field_definition": "IntegrationFieldDefinition"},
}
KINDS = {
    **{"Integer": models.IntegerField, "Auto": models.IntegerField, "SmallInteger": models.SmallIntegerField},
    **{"PositiveSmallInteger": models.PositiveSmallIntegerField, "BigInteger": models.BigIntegerField},
    **{"Boolean": models.BooleanField, "Char": models.CharField, "Email": models.EmailField},
    **{"Text": models.TextField, "Decimal": models.DecimalField, "Float": models.FloatField},
    **{"Date": models.DateField, "DateTime": models.DateTimeField, "Time": models.TimeField},
    **{"Duration": models.DurationField},
}
MODELS = list(apps.get_app_config("ingestion_genius").get_models())
PROCESSORS = [
    each
    for each in vars(processors).values()
    if isinstance(each, type) and issubclass(each, BaseProcessor) and hasattr(each, "model")
]


def specified():
    """(table, field, type, points at, source column) of every column that the specification has."""
    found = []
    for table, text in re.findall(
        r"^### 4\.\d+ (\S+).*?$(.*?)(?=^### |^## )", SPECIFICATION.read_text(), re.M | re.S
    ):
        rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")][2:]
        if table in TABLES:
            found += [(table, name, kind, at.strip(), source.strip()) for name, kind, _, at, source in rows]
    return found


def column(table, name):
    model = next(model for model in MODELS if model.__name__ == f"Genius{TABLES[table]}")
    return next((f for f in model._meta.concrete_fields if name in (f.attname, f.name)), None)


@pytest.fixture
def specification():
    if not SPECIFICATION.exists():
        pytest.skip("the specification is not beside the repository")
    return specified()


def test_every_column_of_the_specification_has_its_field(specification):
    wanted = {(table, name) for table, name, *_, source in specification if source != "never filled"}

    assert len(MODELS) == len(TABLES) == 30
    assert len(wanted) == 481
    assert [each for each in wanted if column(*each) is None] == []


def test_types_and_lengths_are_those_of_the_specification(specification):
    wrong = []
    for table, name, kind, _, source in specification:
        field = None if source == "never filled" else column(table, name)
        if field is None or field.is_relation:
            continue
        form, _, size = kind.partition("(")
        numbers = [int(each) for each in re.findall(r"\d+", size)]
        own = {
            "Char": [field.max_length],
            "Decimal": [getattr(field, "max_digits", None), getattr(field, "decimal_places", None)],
        }
        if type(field) is not KINDS[form] or (form in own and own[form] != numbers):
            wrong.append((table, name, kind, repr(field)))

    assert wrong == []


def test_references_are_relations(specification):
    missing = []
    for table, name, _, at, source in specification:
        target = at.removesuffix(" (inferred)").partition(".")[0]
        if source == "never filled" or target not in TABLES or "unclear" in at or "marketsharp_id" in at:
            continue
        field = column(table, name)
        if not field.is_relation or field.related_model.__name__ != f"Genius{TABLES[target]}":
            missing.append((table, name, at))

    assert missing == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_relation_is_enforced_by_the_database(model):
    relations = [field for field in model._meta.concrete_fields if field.is_relation]

    assert [
        f.name for f in relations if f.db_constraint or f.remote_field.on_delete is not models.DO_NOTHING
    ] == []


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda each: each.__name__)
def test_every_mapping_compiles_and_takes_its_key_from_the_record(processor):
    made = processor()

    assert {column.name for column in made.key_columns} == set(made.key_fields)


def test_every_model_has_a_mapping():
    assert {each.model for each in PROCESSORS} == set(MODELS)


def test_secrets_of_division_groups_are_not_mapped():
    mapped = {column.name for column in processors.GeniusDivisionGroupProcessor().columns}

    assert not mapped & {"paysimple_secret", "paysimple_username", "mes_profile_key", "cc_profile_id"}
    assert {"id", "group_label", "hub_account_id", "updated_at"} <= mapped


def test_field_map_in_the_readme_is_the_mapping():
    out = StringIO()
    call_command("sync_list", "--fields", "genius", stdout=out)
    readme = (Path(genius.__file__).parent / "README.md").read_text()

    assert readme.partition("<!-- fields -->\n")[2].strip() == out.getvalue().strip()


def test_readme_names_every_command_with_its_table_and_delta():
    readme = (Path(genius.__file__).parent / "README.md").read_text()
    lines = [
        f"| `{engine.sync_type}` | `{engine.command()}` | `{engine.resource.name}` | "
        f"{f'`{engine.resource.cursor}`' if engine.resource.cursor else 'always whole'} |"
        for engine in engines("genius").values()
    ]

    assert [line for line in lines if line not in readme] == []
