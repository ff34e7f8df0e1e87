"""What Genius's rows become.

A column goes to the field of its own name. Texts that are longer than their column are cut, with a warning
that keeps them whole; a key never is. An empty text is null. What else is converted stands here, entity by
entity.
"""

from collections.abc import Mapping
from typing import ClassVar

from ingestion.base.fields import Conventions, Field
from ingestion.base.processor import BaseProcessor
from ingestion.sync.genius import models
from ingestion.sync.genius.validators import (
    GeniusIntegrationFieldRules,
    GeniusJobRules,
    not_the_epoch,
    time_of_day,
)

SECRETS = (
    *("cc_profile_id", "mes_profile_id", "mes_profile_key"),
    *("docusign_acct_id", "paysimple_username", "paysimple_secret"),
)
"""Columns of `division_group` with accounts and keys of payment and signature services: they are not read."""

Fields = Mapping[str, str | tuple[str, ...] | Field]


class GeniusProcessor(BaseProcessor):
    """What all of Genius's tables have in common."""

    key: ClassVar[str | tuple[str, ...]] = "id"
    timestamp_field: ClassVar[str | None] = "updated_at"
    conventions = Conventions(too_long="cut")


class GeniusLookupProcessor(GeniusProcessor):
    """A short list without times, which is read whole."""

    timestamp_field = None


class GeniusDivisionGroupProcessor(GeniusProcessor):
    """Groups of divisions, without their secrets."""

    model = models.GeniusDivisionGroup
    exclude = SECRETS
    secrets = SECRETS


class GeniusDivisionRegionProcessor(GeniusLookupProcessor):
    """Regions."""

    model = models.GeniusDivisionRegion


class GeniusDivisionProcessor(GeniusProcessor):
    """Divisions."""

    model = models.GeniusDivision


class GeniusUserTitleProcessor(GeniusProcessor):
    """Job titles."""

    model = models.GeniusUserTitle


class GeniusUserDataProcessor(GeniusProcessor):
    """Users; `primary_user_id` stands in the association that a user has."""

    model = models.GeniusUserData
    fields = {"id": "user_id"}
    ignored = ("user_associations_id",)


class GeniusUserAssociationProcessor(GeniusProcessor):
    """The accounts of one person."""

    model = models.GeniusUserAssociation
    fields = {"user": "primary_user_id"}


class GeniusServiceProcessor(GeniusProcessor):
    """Services."""

    model = models.GeniusService


class GeniusAppointmentTypeProcessor(GeniusLookupProcessor):
    """Kinds of appointments."""

    model = models.GeniusAppointmentType


class GeniusAppointmentOutcomeTypeProcessor(GeniusProcessor):
    """Groups of outcomes; without a place in the order they come last."""

    model = models.GeniusAppointmentOutcomeType
    fields = {"sort_idx": Field("sort_idx", default=999)}


class GeniusAppointmentOutcomeProcessor(GeniusProcessor):
    """Outcomes."""

    model = models.GeniusAppointmentOutcome


class GeniusMarketingSourceTypeProcessor(GeniusProcessor):
    """Groups of marketing sources."""

    model = models.GeniusMarketingSourceType


class GeniusMarketingSourceProcessor(GeniusProcessor):
    """Marketing sources."""

    model = models.GeniusMarketingSource


class GeniusMarketSharpSourceProcessor(GeniusProcessor):
    """Sources as MarketSharp names them."""

    model = models.GeniusMarketSharpSource


class GeniusMarketSharpMarketingSourceMapProcessor(GeniusProcessor):
    """The map from MarketSharp's sources; its key is a text."""

    model = models.GeniusMarketSharpMarketingSourceMap
    key = "marketsharp_id"
    fields = {"marketsharp_id": Field("marketsharp_id", too_long="reject")}


class GeniusProspectProcessor(GeniusProcessor):
    """Prospects."""

    model = models.GeniusProspect
    ignored = ("third_party_source_id",)


class GeniusProspectSourceProcessor(GeniusProcessor):
    """Where prospects came from."""

    model = models.GeniusProspectSource


class GeniusLeadProcessor(GeniusProcessor):
    """Leads; some references have no `_id` in their column's name."""

    model = models.GeniusLead
    key = "lead_id"
    references: ClassVar[tuple[str, ...]] = (
        *("division", "marketing_source", "added_by", "added_by_supervisor", "dead_by", "estimate_set_by"),
        *("estimate_confirmed_by", "express_consent_set_by", "express_consent_being_reviewed_by"),
        *("credit_request_by", "credit_request_update_by", "call_screen_viewed_by"),
    )
    fields: ClassVar[Fields] = {name: name for name in references}


class GeniusAppointmentProcessor(GeniusProcessor):
    """Appointments; one without the time of its making takes its own date for it."""

    model = models.GeniusAppointment
    fields = {"time": Field("time", time_of_day)}
    ignored = ("third_party_source_id",)


class GeniusAppointmentServiceProcessor(GeniusProcessor):
    """Services of appointments, whose times may be 1970-01-01."""

    model = models.GeniusAppointmentService
    key = ("appointment_id", "service_id")
    fields = {name: Field(name, not_the_epoch) for name in ("created_at", "updated_at")}


class GeniusQuoteProcessor(GeniusProcessor):
    """Quotes."""

    model = models.GeniusQuote
    fields = {
        "service_id": Field("service_id", default=1),
        "add_user_id": Field("add_user_id", default=1),
    }


class GeniusJobProcessor(GeniusProcessor):
    """Jobs."""

    model = models.GeniusJob
    rules = (GeniusJobRules,)
    fields = {
        "service_id": Field("service_id", default=8),
        "status": "status",
        "reviewed_by": "reviewed_by",
        "coc_sent_by": "coc_sent_by",
        "measure_time": Field("measure_time", time_of_day),
        "install_time": Field("install_time", time_of_day),
    }


class GeniusJobStatusProcessor(GeniusLookupProcessor):
    """Statuses of jobs."""

    model = models.GeniusJobStatus


class GeniusJobFinancingProcessor(GeniusLookupProcessor):
    """Financing of jobs, by the job."""

    model = models.GeniusJobFinancing
    key = "job_id"
    fields = {"denied_by": "denied_by"}


class GeniusJobChangeOrderProcessor(GeniusProcessor):
    """Change orders."""

    model = models.GeniusJobChangeOrder


class GeniusJobChangeOrderItemProcessor(GeniusProcessor):
    """Lines of change orders."""

    model = models.GeniusJobChangeOrderItem


class GeniusJobChangeOrderReasonProcessor(GeniusLookupProcessor):
    """Reasons of change orders."""

    model = models.GeniusJobChangeOrderReason


class GeniusJobChangeOrderStatusProcessor(GeniusLookupProcessor):
    """Statuses of change orders."""

    model = models.GeniusJobChangeOrderStatus


class GeniusJobChangeOrderTypeProcessor(GeniusLookupProcessor):
    """Kinds of change orders."""

    model = models.GeniusJobChangeOrderType


class GeniusIntegrationFieldProcessor(GeniusProcessor):
    """Settings of integrations."""

    model = models.GeniusIntegrationField
    rules = (GeniusIntegrationFieldRules,)


class GeniusIntegrationFieldDefinitionProcessor(GeniusLookupProcessor):
    """What settings integrations have."""

    model = models.GeniusIntegrationFieldDefinition
