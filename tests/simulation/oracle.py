"""What must be true after every step of a world, and at its end."""

import json
from datetime import timedelta

from ingestion.base.records import key_digest
from ingestion.models import RejectedRecord, SyncHistory
from tests.shop.models import ShopCustomer
from tests.simulation.questions import CLOSED
from tests.simulation.service import CANARY, stamp


class Violation(AssertionError):
    """The promise is broken."""


def expect(true, what, *details):
    if not true:
        raise Violation(f"{what}: {', '.join(map(str, details))}")


class Oracle:
    """Looks at the database and at the source, and remembers what it has seen."""

    def __init__(self, world):
        self.world = world
        self.database = world.stage.questions
        self.closed = {}
        self.rows = {}
        self.watermark = None
        self.waiting = {}

    # After every step.

    def after_step(self, runs):
        service, began = self.world.service, min((run.began for run in runs), default=None)
        rows, history = self.database.rows(), self.database.runs()
        for run in runs:
            self.check_run(run)
        self.check_history(history, runs)
        self.check_mark()
        created = sum(each.records_created for each in history if not each.configuration.get("dry_run"))
        expect(created == len(rows), "not every row was counted as created once", created, len(rows))
        expect(set(rows) <= set(service.entries), "a row that no record made", set(rows))
        if all(run.plan.dry_run for run in runs):
            expect(rows == self.rows, "a dry run wrote rows")
        self.waiting = self.database.waiting()
        self.check_watermark(rows)
        if began:
            self.check_deleted(rows, began, runs)
        for run in runs:
            self.check_complete(run, rows, history)
            self.check_shown(run, rows)
        self.rows = rows

    def check_run(self, run):
        """A run without any fault succeeds; one that succeeds has left nothing open."""
        if run.error is None:
            expect(run.history.status in ("success", "partial"), "closed as", run.history.status)
            expect(not run.must_fail(), "a success after no answer", run.worker.fatal)
            return
        expect(run.may_fail(), "failed without a reason", repr(run.error), run.plan)

    def check_history(self, history, runs):
        for each in history:
            total = each.records_created + each.records_updated + each.records_unchanged
            total += each.records_skipped + each.records_failed
            expect(each.records_processed == total, "the ledger does not balance", each.pk)
            values = tuple(getattr(each, name) for name in CLOSED)
            if each.status != "running":
                expect(each.lease is None, "a closed run holds the lease", each.pk)
                after = each.heartbeat_at and each.heartbeat_at > each.end_time + timedelta(milliseconds=1)
                expect(
                    not after, "a run went on after it was closed", each.pk, each.heartbeat_at, each.end_time
                )
                known = self.closed.setdefault(each.pk, values)
                expect(known == values, "a closed run has changed", each.pk, known, values)
        running = [each.pk for each in history if each.status == "running"]
        left = [run.history.pk for run in runs if run.history.pk in running and not run.may_stay_open()]
        expect(not left, "a run stays running", left)
        expect(len(running) <= 1, "two runs at once", running)

    def check_mark(self):
        """The watermark in effect moves on, and never into the future."""
        before, mark = self.watermark, SyncHistory.objects.watermark("simulated", "customers")
        expect(not before or (mark and mark >= before), "the watermark moved back", mark, before)
        expect(mark is None or mark <= self.world.clock.now(), "a watermark in the future", mark)
        self.watermark = mark

    def check_watermark(self, rows):
        """No watermark above an unstored record, but where a list may have hidden it.

        Of what such a list did show, `check_shown` sees that it is stored; the rest a full compare brings.
        """
        if self.watermark is None or self.world.config.paging == "unstable":
            return
        lag = self.world.config.index_lag + self.world.config.grain
        for entry in self.world.service.entries.values():
            version = entry.now
            late = (version.shown - version.at).total_seconds() > lag + 0.002
            if version.at <= self.watermark and not late and version.state != "gone":
                if version.state == "archived" and not self.world.config.archives:
                    continue
                self.check_stored(entry, rows, f"the watermark {self.watermark} is above an unstored record")

    def check_stored(self, entry, rows, what):
        version, row = entry.now, rows.get(entry.key)
        if row and row["updated_at"] > version.at and entry.had(row["updated_at"]):
            return  # the source itself has set its clock back, and what it said before is newer
        if version.state != "alive":
            expect(row is None or row["source_deleted_at"], what, entry.key, "deleted at the source", row)
            return
        if version.bad:
            payload = self.waiting.get(key_digest((entry.key,)))
            if payload is None and row and row["updated_at"] == version.at and row["name"] == "x" * 30:
                return  # replayed since
            expect(payload is not None, what, entry.key, "is not in quarantine", version)
            kept = json.loads(payload)["updated_at"]
            expect(kept == stamp(version.at), what, entry.key, "an older one is kept", payload)
            expect(CANARY not in payload, "a secret in the quarantine", payload)
            return
        expect(row is not None, what, entry.key, "has no row", version)
        expect(row["source_deleted_at"] is None, what, entry.key, "is alive", version, row)
        expect(key_digest((entry.key,)) not in self.waiting, what, entry.key, "still waits in quarantine")
        wanted = dict(version.values)
        wanted.pop("password")
        extra = {"fax": wanted.pop("fax")} if "fax" in wanted else {}
        wanted |= {"extra": extra, "updated_at": version.at}
        row = dict(row)
        row["balance"] = row["balance"] and str(row["balance"])
        wrong = {name: (row[name], value) for name, value in wanted.items() if row[name] != value}
        expect(not wrong, what, entry.key, "differs", wrong)

    def check_deleted(self, rows, began, runs):
        """Deleted here means that it was gone at the source at some time since the run began."""
        for key, row in rows.items():
            before = self.rows.get(key)
            if row["source_deleted_at"] and not (before and before["source_deleted_at"]):
                states = self.world.service.entries[key].states_since(self.world.deletion_horizon(began))
                unseen = any(self.unseen(key, run.worker) for run in runs)
                expect(states != {"alive"} or unseen, "a living record was deleted", key)

    def unseen(self, key, worker):
        """Whether nobody could know better, as the source cannot be asked for the key itself."""
        return not self.world.config.can_ask and self.world.service.absent_twice(key, worker)

    def check_shown(self, run, rows):
        """What a run was shown is stored, unless it has changed since.

        Where several pages of a list that shifts are asked for at once, an older answer may follow a newer
        one (which was changed after the run had begun, so that the watermark has not passed it), and a page
        behind an empty one is never looked at.
        """
        service, config = self.world.service, self.world.config
        if config.paging == "unstable" and config.pages_at_once > 1:
            return
        for key, record in run.worker.shown.items() if run.was_whole() else ():
            entry = service.entries[key]
            if entry.now.state != "gone" and service.record(key, entry.now) == record:
                payload = self.waiting.get(key_digest((key,)))
                if not payload or json.loads(payload)["updated_at"] >= stamp(entry.now.at):
                    self.check_stored(
                        entry, rows, "it was shown"
                    )  # else an index that lags has shown it anew

    def check_complete(self, run, rows, history):
        """After a complete read everything is stored that has not changed since it began."""
        if run.error is not None or not run.history.configuration.get("complete"):
            return
        if (
            run.alone
            and run.history.configuration.get("strategy") == "full"
            and self.world.config.paging != "unstable"
        ):
            began = self.world.began_of(run.history, history)
            for entry in self.world.service.entries.values():
                version = entry.now
                if version.real >= began or version.shown >= began:
                    continue
                if version.state == "alive":
                    self.check_stored(entry, rows, "a complete read has not stored")

    # At the end.

    def at_the_end(self):
        """The source has been quiet for long and everything was read."""
        rows, config = self.database.rows(), self.world.config
        self.waiting = self.database.waiting()
        for entry in self.world.service.entries.values():
            state = entry.now.state
            gone = config.deletes == "sweep" or (state == "archived" and config.archives)
            if state == "alive" or gone:
                self.check_stored(entry, rows, "at the end")

    def unchanged(self, before, run):
        """A second run over an unchanged source writes nothing."""
        history = run.history
        expect(run.error is None, "the second run failed", repr(run.error))
        written = (history.records_created, history.records_updated, history.records_deleted)
        expect(written == (0, 0, 0), "an unchanged re-run wrote", written)
        expect(self.database.rows() == before, "an unchanged re-run changed rows")

    def no_secret(self, said):
        texts = [json.dumps([*map(str, each.values())]) for each in SyncHistory.objects.values()]
        texts += [json.dumps([*map(str, each.values())]) for each in RejectedRecord.objects.values()]
        texts += [json.dumps([*map(str, each.values())]) for each in ShopCustomer.all_objects.values()]
        expect(CANARY not in "".join([*texts, *said]), "a secret is somewhere")
