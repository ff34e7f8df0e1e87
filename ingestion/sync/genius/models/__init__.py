"""Genius's thirty tables.

A column is named as Genius names it; a reference is also a relation (`lead.division`), without a constraint:
no order of loading matters, and a reference may lead nowhere. Times are UTC. The times that say when a row
was made or changed are null where Genius has none or a zero date: inventing one would be worse.
"""

from ingestion.sync.genius.models.appointments import (
    GeniusAppointment,
    GeniusAppointmentOutcome,
    GeniusAppointmentOutcomeType,
    GeniusAppointmentService,
    GeniusAppointmentType,
    GeniusService,
)
from ingestion.sync.genius.models.change_orders import (
    GeniusJobChangeOrder,
    GeniusJobChangeOrderItem,
    GeniusJobChangeOrderReason,
    GeniusJobChangeOrderStatus,
    GeniusJobChangeOrderType,
)
from ingestion.sync.genius.models.jobs import (
    GeniusJob,
    GeniusJobFinancing,
    GeniusJobStatus,
    GeniusQuote,
)
from ingestion.sync.genius.models.leads import (
    GeniusLead,
)
from ingestion.sync.genius.models.marketing import (
    GeniusMarketingSource,
    GeniusMarketingSourceType,
    GeniusMarketSharpMarketingSourceMap,
    GeniusMarketSharpSource,
)
from ingestion.sync.genius.models.organization import (
    GeniusDivision,
    GeniusDivisionGroup,
    GeniusDivisionRegion,
    GeniusIntegrationField,
    GeniusIntegrationFieldDefinition,
    GeniusUserAssociation,
    GeniusUserData,
    GeniusUserTitle,
)
from ingestion.sync.genius.models.prospects import (
    GeniusProspect,
    GeniusProspectSource,
)

__all__ = [
    "GeniusAppointment",
    "GeniusAppointmentOutcome",
    "GeniusAppointmentOutcomeType",
    "GeniusAppointmentService",
    "GeniusAppointmentType",
    "GeniusDivision",
    "GeniusDivisionGroup",
    "GeniusDivisionRegion",
    "GeniusIntegrationField",
    "GeniusIntegrationFieldDefinition",
    "GeniusJob",
    "GeniusJobChangeOrder",
    "GeniusJobChangeOrderItem",
    "GeniusJobChangeOrderReason",
    "GeniusJobChangeOrderStatus",
    "GeniusJobChangeOrderType",
    "GeniusJobFinancing",
    "GeniusJobStatus",
    "GeniusLead",
    "GeniusMarketSharpMarketingSourceMap",
    "GeniusMarketSharpSource",
    "GeniusMarketingSource",
    "GeniusMarketingSourceType",
    "GeniusProspect",
    "GeniusProspectSource",
    "GeniusQuote",
    "GeniusService",
    "GeniusUserAssociation",
    "GeniusUserData",
    "GeniusUserTitle",
]
