"""Services, appointments and how they end."""

from ingestion.sync.genius import processors
from ingestion.sync.genius.clients import added_or_on, hubspot_id
from ingestion.sync.genius.engines.base import GeniusSyncEngine, changing, lookup


class GeniusServiceSyncEngine(GeniusSyncEngine):
    """Services."""

    sync_type = "services"
    resource = changing("service")
    processor_class = processors.GeniusServiceProcessor


class GeniusAppointmentTypeSyncEngine(GeniusSyncEngine):
    """Kinds of appointments."""

    sync_type = "appointment_types"
    resource = lookup("appointment_type")
    processor_class = processors.GeniusAppointmentTypeProcessor


class GeniusAppointmentOutcomeTypeSyncEngine(GeniusSyncEngine):
    """Groups of outcomes; a handful, so their times are not asked for."""

    sync_type = "appointment_outcome_types"
    resource = lookup("appointment_outcome_type")
    processor_class = processors.GeniusAppointmentOutcomeTypeProcessor


class GeniusAppointmentOutcomeSyncEngine(GeniusSyncEngine):
    """Outcomes."""

    sync_type = "appointment_outcomes"
    resource = changing("appointment_outcome")
    processor_class = processors.GeniusAppointmentOutcomeProcessor
    after = ("appointment_outcome_types",)


class GeniusAppointmentSyncEngine(GeniusSyncEngine):
    """Appointments."""

    sync_type = "appointments"
    resource = changing(
        "appointment", derived={"hubspot_appointment_id": hubspot_id, "add_date": added_or_on("date")}
    )
    processor_class = processors.GeniusAppointmentProcessor
    after = ("prospects", "user_data", "appointment_types", "prospect_sources", "appointment_outcomes")


class GeniusAppointmentServiceSyncEngine(GeniusSyncEngine):
    """Services of appointments."""

    sync_type = "appointment_services"
    resource = changing("appointment_to_service", key=("appointment_id", "service_id"), fallback="created_at")
    processor_class = processors.GeniusAppointmentServiceProcessor
    after = ("appointments", "services")
