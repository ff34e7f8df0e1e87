"""Further names of an entity, older names of a flag, and entities that a run of all leaves out."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from ingestion.base.commands import alias
from ingestion.base.pagination import Answer, PageNumber, Request
from ingestion.base.plan import Option, moment
from ingestion.checks import check_declarations
from ingestion.registry import get_engine
from tests.installing import installed_app

ENGINE = """
from ingestion.base.plan import Option, moment, whole_number

class {name}SyncEngine(ShopStockSyncEngine):
    crm_source = "till"
    sync_type = "{sync_type}"
    aliases = {aliases!r}
    replaces = True
    scope = {{"shop": "{sync_type}"}}
    options = (
        Option("--from-day", help="older", type=moment, instead="--start-date"),
        Option("--profile", help="older", instead="the settings"),
        Option("--quick", help="older", type=bool, instead="--fast"),
        Option("--fast", help="no details", type=bool, default=False, narrows=True),
    )
"""


def engines_text(**aliases):
    """The text of a module with an engine for each name."""
    return "".join(
        ENGINE.format(name=name.title(), sync_type=name, aliases=tuple(others))
        for name, others in aliases.items()
    )


@pytest.fixture
def till(tmp_path):
    with installed_app(tmp_path, "till", engines_text(slips=[], entities=["team_members", "people"])):
        yield


def planned(*flags, sync_type=None):
    """The entities that these flags choose, each with its plan."""
    command = alias("till", sync_type)()
    options = vars(command.create_parser("manage.py", "sync_till").parse_args(flags))
    return {engine.sync_type: plan for engine, plan in command.planned(options)}


@pytest.mark.parametrize("name", ["entities", "team_members", "people"])
def test_entity_is_chosen_by_each_of_its_names(name, till):
    assert list(planned("--entity-type", name)) == ["entities"]
    assert list(planned(sync_type=name)) == ["entities"]
    assert get_engine("till", name).sync_type == "entities"


def test_alias_that_is_none_is_refused_with_the_others(till):
    with pytest.raises(CommandError, match="'entities', 'people', 'slips', 'team_members', 'all'"):
        planned("--entity-type", "team")


def test_command_of_an_alias_is_named_after_it(till):
    engine = get_engine("till", "entities")

    assert (engine.command(), engine.command("people")) == ("sync_till_entities", "sync_till_people")


def test_list_shows_the_aliases(till, capsys):
    call_command("sync_list", "--json")
    listed = {each["sync_type"]: each["aliases"] for each in json.loads(capsys.readouterr().out)}
    call_command("sync_list")

    assert (listed["entities"], listed["slips"]) == (["team_members", "people"], [])
    assert "entities, team_members, people" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("aliases", "said"),
    [
        (["slips"], "alias 'slips' of entities is taken by SlipsSyncEngine"),
        (["receipts"], "alias 'receipts' of entities is taken by SlipsSyncEngine"),
        (["all"], "alias 'all' of entities is taken by the run of all"),
        (["entities"], "alias 'entities' of entities is taken by its sync_type"),
        (["Team Members"], "is no plural name"),
        (["people", "people"], "stands there twice"),
        (["validation"], "--skip-validation means something else"),
    ],
)
def test_alias_that_means_two_things_is_told_by_the_check(aliases, said, tmp_path):
    text = engines_text(slips=["receipts"], entities=aliases)
    with installed_app(tmp_path, "till", text):
        found = [message for message in check_declarations() if message.id == "ingestion.E009"]

    assert any(said in message.msg for message in found)
    assert all(message.hint for message in found)


def test_sound_aliases_pass_the_check(till):
    assert [message for message in check_declarations() if message.id == "ingestion.E009"] == []


@pytest.mark.parametrize("flag", ["--skip-entities", "--skip-team-members", "--skip-people"])
def test_entity_is_left_out_by_each_of_its_names(flag, till):
    assert list(planned(flag)) == ["slips"]


def test_run_of_one_entity_has_no_flag_to_skip_it(till):
    with pytest.raises(CommandError, match="unrecognized arguments: --skip-entities"):
        planned("--skip-entities", sync_type="entities")


def test_run_without_any_entity_left_is_wrong_usage(till):
    with pytest.raises(CommandError, match="leave out one of the --skip flags") as refused:
        planned("--entity-type", "people", "--skip-team-members")

    assert refused.value.returncode == 2


def test_older_flag_counts_as_the_new_one_and_warns(till, capsys):
    plans = planned("--from-day", "2026-03-01")

    assert {plan.start_date for plan in plans.values()} == {moment("2026-03-01")}
    assert "warning: --from-day is deprecated, use --start-date" in capsys.readouterr().err
    assert "from_day" not in plans["slips"].options


def test_older_switch_counts_as_the_entitys_own_new_one(till, capsys):
    plan = planned("--quick")["slips"]

    assert (plan.options["fast"], plan.narrowed) == (True, True)
    assert "warning: --quick is deprecated, use --fast" in capsys.readouterr().err


def test_older_flag_that_no_flag_replaces_keeps_its_value(till, capsys):
    assert planned("--profile", "east")["slips"].options["profile"] == "east"
    assert planned()["slips"].options["profile"] is None
    assert "warning: --profile is deprecated, use the settings" in capsys.readouterr().err


def test_older_flags_are_not_in_the_help(till):
    text = alias("till")().create_parser("manage.py", "sync_till").format_help()

    assert "--skip-team-members" in text
    assert "--from-day" not in text
    assert "--profile" not in text


def test_option_is_named_by_the_flag_that_takes_its_value():
    assert Option("--quick", help="", instead="--fast-read").name == "fast_read"
    assert Option("--quick", help="", instead="the settings").name == "quick"


def test_pages_end_at_the_last_one_that_is_wanted():
    style = PageNumber(count=1, last=2)
    first = style.first(Request("calls"), None)
    second = style.next(Answer([], {}, 0, first, [{}]))

    assert second is not None
    assert style.next(Answer([], {}, 0, second, [{}])) is None
    assert style.following(second, Answer([], {}, 0, first, [{}])) is None
