"""CallRail on real databases: full, delta, late edits, edits during a run, deletes, faults, resume."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from ingestion.base.exceptions import AuthenticationError, TransientError
from ingestion.base.plan import SyncPlan
from ingestion.management.commands.sync_list import field_map
from ingestion.models import RejectedRecord, SyncHistory
from ingestion.registry import get_engine, ordered
from ingestion.sandbox import faults
from ingestion.sync import callrail as package
from ingestion.sync.callrail.models import (
    CallRailAccount,
    CallRailCall,
    CallRailCompany,
    CallRailTag,
    CallRailTextMessage,
    CallRailUser,
)

ENTITIES = ("companies", "calls", "trackers", "form_submissions", "text_messages", "tags", "users")


def sync(name="calls", **flags):
    return get_engine("callrail", name)().sync(SyncPlan(**flags))


def counts(history):
    names = ("created", "updated", "unchanged", "skipped", "failed", "deleted")
    return tuple(getattr(history, f"records_{name}") for name in names)


def first(fake):
    return next(iter(fake.accounts))


# The life of a table, on each database.


def test_full_read_brings_every_account_and_the_second_writes_none(database, callrail):
    callrail.add_account()
    for account in callrail.accounts:
        for kind in ("companies", "calls", "trackers", "form_submissions", "conversations", "tags", "users"):
            callrail.add(account, kind, 3, days=200)
    runs = [sync("accounts"), *(sync(name) for name in ENTITIES)]
    again = [sync(name, full=True) for name in ("accounts", *ENTITIES)]

    assert [run.records_created for run in runs] == [2, 8, 6, 6, 6, 12, 6, 6]
    assert [run.records_unchanged for run in again] == [2, 8, 6, 6, 6, 12, 6, 6]
    assert {run.records_updated for run in again} == {0}
    assert set(CallRailCall.objects.values_list("account_id", flat=True)) == set(callrail.accounts)


def test_call_that_is_tagged_twenty_days_later_reaches_the_table(database, callrail):
    old, *_ = callrail.add(first(callrail), "calls", 1, days=20)
    callrail.add(first(callrail), "calls", 5)
    sync()
    callrail.tag(old, "Sold")
    callrail.edit("calls", old, note="called back", value="$1,250.50", recording_duration=36)
    history = sync()

    call = CallRailCall.objects.get(id=old)
    assert (history.configuration["strategy"], counts(history)) == ("delta", (0, 1, 5, 0, 0, 0))
    assert ([tag["name"] for tag in call.tags], call.note, call.value) == (
        ["Sold"],
        "called back",
        Decimal("1250.50"),
    )


def test_call_that_comes_while_a_run_reads_is_there_after_the_next(database, callrail):
    callrail.add(first(callrail), "calls", 300, days=10)
    sync()

    def arrive(number, asked):
        if asked.query.get("offset") and not came:
            callrail.clock.set(datetime.now(UTC))
            came.extend(callrail.add(first(callrail), "calls", 1))
            callrail.edit("calls", callrail.ids("calls")[0], note="edited behind the reader")

    came = []
    callrail.before_answer = arrive
    sync(full=True)
    callrail.before_answer = None
    sync()

    assert set(CallRailCall.objects.values_list("id", flat=True)) == set(callrail.ids("calls"))
    assert CallRailCall.objects.filter(note="edited behind the reader").count() == 1


def test_deleted_user_and_spam_call_go_with_a_full_read_and_a_disabled_company_stays(database, callrail):
    callrail.add(first(callrail), "calls", 5, days=5)
    callrail.add(first(callrail), "users", 5)
    for name in ("calls", "users", "companies"):
        sync(name)
    spam, gone = callrail.ids("calls")[0], callrail.ids("users")[0]
    callrail.remove("calls", spam)
    callrail.remove("users", gone)
    callrail.remove("companies", callrail.ids("companies")[0])
    runs = [sync(name, full=True) for name in ("calls", "users", "companies")]

    assert [run.records_deleted for run in runs] == [1, 1, 0]
    assert not CallRailCall.objects.filter(id=spam).exists()
    assert not CallRailUser.objects.filter(id=gone).exists()
    assert CallRailCompany.objects.filter(status="disabled").exclude(disabled_at=None).count() == 1


def test_call_that_is_marked_as_spam_goes_with_the_next_delta(database, callrail):
    callrail.add(first(callrail), "calls", 20, days=40)
    old, *_ = callrail.add(first(callrail), "calls", 1, days=100)
    sync()
    for spam in (callrail.ids("calls")[3], old):
        callrail.remove("calls", spam)
    history = sync()

    assert (history.configuration["strategy"], history.records_deleted) == ("delta", 1)
    assert CallRailCall.objects.filter(id=old).exists(), "it lies before the window that was read"
    assert CallRailCall.objects.count() == 20


def test_bad_call_waits_in_quarantine_until_it_is_right(database, callrail):
    bad, *_ = callrail.add(first(callrail), "calls", 5)
    good = callrail.found("calls", bad)[bad]["direction"]
    callrail.edit("calls", bad, direction=None)
    partial = sync()
    waiting = RejectedRecord.objects.using(database).waiting().count()
    callrail.edit("calls", bad, direction=good)
    sync()

    assert (partial.status, partial.records_failed, waiting) == ("partial", 1, 1)
    assert RejectedRecord.objects.using(database).waiting().count() == 0
    assert CallRailCall.objects.count() == 5


def test_interrupted_run_goes_on_with_the_account_it_had_come_to(database, callrail):
    second = callrail.add_account()
    for account in callrail.accounts:
        callrail.add(account, "calls", 2300, days=20)
    callrail.fail(faults.Status(503), path=f"/a/{second}/*", times=None)
    with pytest.raises(TransientError):
        sync()
    callrail.heal()
    callrail.requests.clear()
    history = sync()

    assert history.configuration["resumes"]
    lists = [each.path.split("/")[2] for each in callrail.requests if each.path != "/a.json"]
    assert lists == [second] * 12 + [first(callrail)] * 12, "no list is read twice"
    assert set(history.cursors) == set(callrail.accounts)
    assert CallRailCall.objects.count() == 4600


def test_tables_are_what_the_source_says_after_all_that(database, callrail):
    verify = pytest.importorskip("ingestion.base.verify", reason="there is no sync_verify").verify
    callrail.add_account()
    for account in callrail.accounts:
        for kind in ("calls", "trackers", "form_submissions", "conversations", "tags", "users"):
            callrail.add(account, kind, 12, days=200)
    for name in ("accounts", *ENTITIES):
        sync(name)
    old, spam = callrail.ids("calls")[1], callrail.ids("calls")[2]
    callrail.tag(old, "Sold")
    callrail.remove("calls", spam)
    callrail.remove("users", callrail.ids("users")[0])
    callrail.remove("trackers", callrail.ids("trackers")[0])
    callrail.edit("calls", callrail.ids("calls")[4], direction=None)
    behind = verify(get_engine("callrail", "calls")(), sample=None)
    for name in ("accounts", *ENTITIES):
        sync(name, full=name == "calls")
    found = {name: verify(get_engine("callrail", name)(), sample=None) for name in ("accounts", *ENTITIES)}

    assert not behind.equal
    assert {name: each.as_dict() for name, each in found.items() if not each.equal} == {}
    assert found["calls"].rejected in (0, 1)


# What the rows become.

pytestmark = pytest.mark.django_db


def test_every_field_that_is_asked_for_has_its_column(callrail):
    callrail.add(first(callrail), "calls", 4)
    callrail.edit("calls", callrail.ids("calls")[0], lead_status="good_lead", sentiment="positive")
    history = sync()

    call = CallRailCall.objects.get(id=callrail.ids("calls")[0])
    assert (call.lead_status, call.sentiment, call.company_name) == ("good_lead", "positive", "Roofs & Sons")
    assert (call.company_time_zone, call.source, call.zip_code) == ("America/New_York", "Google Ads", "62701")
    assert history.performance_metrics["drift"]["unknown"] == []
    assert call.extra == {}


@pytest.mark.parametrize(("sent", "kept"), [("27", "27"), (36, "36"), (None, None)])
def test_recording_duration_may_be_a_text_or_a_number(sent, kept, callrail):
    key, *_ = callrail.add(first(callrail), "calls", 1, recording_duration=sent)
    sync()

    assert CallRailCall.objects.get(id=key).recording_duration == kept


def test_times_are_utc_whatever_form_they_come_in(callrail):
    moment = "2026-11-01T01:30:00.250-05:00"
    callrail.add(first(callrail), "calls", 1, start_time=moment)
    callrail.accounts[first(callrail)]["created_at"] = "2026-02-10 03:43:50 -0500"
    sync("accounts")
    sync()

    assert CallRailCall.objects.get().start_time == datetime(2026, 11, 1, 6, 30, 0, 250_000, tzinfo=UTC)
    assert CallRailAccount.objects.get().api_created_at == datetime(2026, 2, 10, 8, 43, 50, tzinfo=UTC)


def test_missed_call_has_its_defaults(callrail):
    callrail.add(first(callrail), "calls", 1, answered=None, duration=None, voicemail=None)
    sync()

    call = CallRailCall.objects.get()
    assert (call.answered, call.duration, call.voicemail) == (False, 0, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_phone_number", "411"),
        ("direction", "sideways"),
        ("duration", -4),
        ("landing_page_url", "roofs.example"),
    ],
)
def test_odd_value_is_kept_and_the_warning_names_record_and_field_but_no_value(
    field, value, callrail, caplog
):
    key, *_ = callrail.add(first(callrail), "calls", 1, **{field: value})
    history = sync()

    assert (getattr(CallRailCall.objects.get(), field), history.status) == (value, "success")
    assert f"Validation warning for field '{field}' (Record: callrail calls {key})" in caplog.text
    assert str(value) not in caplog.text.partition("Validation warning")[2].replace(key, "")
    assert RejectedRecord.objects.get().status == "warning"


def test_odd_values_in_every_record_do_not_fail_the_run_and_skip_validation_says_nothing(callrail):
    callrail.add(first(callrail), "users", 120, role="owner")
    silent = sync("users", skip_validation=True)
    waiting = RejectedRecord.objects.count()
    loud = sync("users", full=True)

    assert (silent.status, waiting, loud.status) == ("success", 0, "success")
    assert RejectedRecord.objects.count() == 120


def test_message_has_a_key_of_its_own_and_older_ones_stay(callrail):
    key, *_ = callrail.add(first(callrail), "conversations", 1)
    sync("text_messages")
    conversation = callrail.found("conversations", key)[key]
    later = datetime.now(UTC).isoformat(timespec="milliseconds")
    newest = {"direction": "incoming", "content": "Fine.", "created_at": later, "type": "sms"}
    callrail.edit("conversations", key, recent_messages=[newest, newest, conversation["recent_messages"][0]])
    callrail.edit("conversations", key, last_message_at=conversation["last_message_at"])
    sync("text_messages")

    kept = CallRailTextMessage.objects.order_by("sent_at", "id")
    assert [each.message for each in kept] == ["When?", "At six.", "Fine.", "Fine."]
    assert {each.conversation_id for each in kept} == {key}
    assert {each.id.rpartition("-")[0] for each in kept[:1]} == {
        f"{key}-{int(kept[0].sent_at.timestamp() * 1000)}"
    }


def test_tag_whose_id_is_a_number_and_drift_are_told(callrail):
    callrail.add(first(callrail), "tags", 1, emoji="hammer")
    history = sync("tags")

    assert CallRailTag.objects.get().id == callrail.ids("tags")[0]
    assert CallRailTag.objects.get().extra == {"emoji": "hammer"}
    assert history.performance_metrics["drift"]["unknown"] == ["emoji"]


def test_access_key_of_the_player_is_in_no_quarantine(callrail):
    callrail.add(first(callrail), "calls", 1, direction=None, recording_player="https://x/?access_key=S3CRET")
    callrail.add(first(callrail), "calls", 1)
    sync()

    assert "S3CRET" not in str(RejectedRecord.objects.values_list("payload", flat=True))


# Commands.


def test_all_entities_in_their_order(callrail, capsys):
    call_command("sync_callrail_all", "--no-progress")

    kinds = SyncHistory.objects.order_by("pk").values_list("sync_type", flat=True)
    assert kinds[0] == "accounts"
    assert set(kinds) == {"accounts", *ENTITIES}
    assert [engine.sync_type for engine in ordered("callrail")] == list(kinds)


def test_connection_check_names_the_accounts(callrail, capsys):
    call_command("test_callrail")

    assert f"connected: accounts {first(callrail)} (Agency" in capsys.readouterr().out
    assert len(callrail.requests) == 1


def test_wrong_key_says_what_to_do(callrail, monkeypatch):
    monkeypatch.setenv("CALLRAIL_API_KEY", "wrong")
    with pytest.raises(CommandError, match=r"answered 401[^$]*check CALLRAIL_API_KEY"):
        call_command("sync_callrail_calls", "--quiet")
    with pytest.raises(AuthenticationError):
        sync("accounts")


def test_company_narrows_the_read_and_moves_no_watermark(callrail):
    callrail.add(first(callrail), "calls", 4)
    company = callrail.ids("companies")[0]
    call_command("sync_callrail_calls", "--company-id", company, "--quiet")

    history = SyncHistory.objects.first()
    assert (history.records_created, history.watermark, history.cursors) == (2, None, {})


def test_field_map_in_the_readme_is_the_mapping():
    readme = (Path(package.__file__).parent / "README.md").read_text()
    shown = readme.partition("<!-- fields -->")[2].partition("<!-- /fields -->")[0]

    assert shown.strip() == field_map("callrail").strip()


def test_look_back_of_the_command(callrail):
    old, *_ = callrail.add(first(callrail), "calls", 1, days=20)
    callrail.add(first(callrail), "calls", 1)
    sync()
    callrail.tag(old, "Sold")
    call_command("sync_callrail_calls", "--look-back", "10", "--quiet")
    missed = CallRailCall.objects.get(id=old).tags
    call_command("sync_callrail_calls", "--look-back", "30", "--quiet")

    assert (missed, len(CallRailCall.objects.get(id=old).tags)) == ([], 1)


def test_tables_have_the_names_that_are_published():
    tables = {model._meta.db_table for model in apps.get_app_config("ingestion_callrail").get_models()}

    names = ("account", "company", "call", "tracker", "form_submission", "text_message", "tag", "user")
    assert tables == {f"ingestion_callrail_{name}" for name in names}


def test_monthly_compare_finds_an_edit_behind_the_look_back(callrail):
    old, *_ = callrail.add(first(callrail), "calls", 1, days=90)
    callrail.add(first(callrail), "calls", 3)
    sync()
    callrail.tag(old, "Sold")
    sync()
    SyncHistory.objects.update(start_time=datetime.now(UTC) - timedelta(days=31))
    history = sync()

    assert history.configuration["strategy"] == "full"
    assert len(CallRailCall.objects.get(id=old).tags) == 1


def test_several_entities_are_named_at_once(callrail):
    call_command("sync_callrail_all", "--entities", "tags", "companies", "--quiet")

    kinds = SyncHistory.objects.order_by("pk").values_list("sync_type", flat=True)
    assert list(kinds) == ["companies", "tags"]


def test_older_flag_is_taken_with_a_warning(callrail, capsys):
    call_command("sync_callrail_tags", "--parallel", "--quiet")

    assert SyncHistory.objects.get().configuration["concurrent_pages"] == 4
    assert "--parallel is deprecated, use --high-performance" in capsys.readouterr().err


def test_entity_that_is_none_is_wrong_usage(callrail):
    with pytest.raises(CommandError, match="invalid choice: 'tagz'"):
        call_command("sync_callrail_all", "--entities", "tagz")


def test_key_that_sees_no_account_says_so(callrail, capsys):
    callrail.hidden = set(callrail.accounts)
    call_command("test_callrail")

    assert "connected: accounts none" in capsys.readouterr().out
