"""The log lines of a run; they name record keys and fields, never values."""

import logging
from collections.abc import Iterable

from ingestion.base.exceptions import RecordError
from ingestion.base.plan import SyncPlan
from ingestion.models.common import Status, SyncHistory

logger = logging.getLogger("ingestion")

SHOWN = 20
"""Rejected records of one batch that get a line each; the quarantine has them all."""


def starting(history: SyncHistory, plan: SyncPlan) -> None:
    """A run begins."""
    logger.info("Starting %s %s sync, run %s", history.crm_source, history.sync_type, history.pk)
    logger.debug("run %s: %s", history.pk, plan.as_configuration())


def completed(history: SyncHistory) -> None:
    """A run has ended."""
    level = logging.ERROR if history.status == Status.FAILED else logging.INFO
    logger.log(
        level,
        "Completed %s %s sync: %s created, %s updated, %s unchanged, %s skipped, %s failed, %s deleted (%s)",
        history.crm_source,
        history.sync_type,
        history.records_created,
        history.records_updated,
        history.records_unchanged,
        history.records_skipped,
        history.records_failed,
        history.records_deleted,
        history.status,
    )


def rejected(history: SyncHistory, errors: list[RecordError], warnings: list[RecordError]) -> None:
    """What a batch sent to the quarantine."""
    for error in shown(errors):
        for each in error.errors:
            logger.warning(
                "Rejected %s %s %s: field '%s' (%s)",
                history.crm_source,
                history.sync_type,
                key_of(error),
                each.field or each.source,
                each.code,
            )
    for error in shown(warnings):
        for each in error.errors:
            logger.warning(
                "Validation warning for field '%s' (Record: %s %s %s): %s",
                each.field,
                history.crm_source,
                history.sync_type,
                key_of(error),
                each.code,
            )


def shown(errors: list[RecordError]) -> Iterable[RecordError]:
    """The first of many, and a line that says how many more there are."""
    if len(errors) > SHOWN:
        logger.warning("%s more records like these are in the quarantine", len(errors) - SHOWN)
    return errors[:SHOWN]


def key_of(error: RecordError) -> str:
    """A record's key for a log line."""
    return "/".join(map(str, error.key)) if error.key else "(no readable key)"
