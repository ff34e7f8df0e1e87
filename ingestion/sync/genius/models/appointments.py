"""Services, appointments and how they ended."""

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.genius.models.references import refers_to


class GeniusService(SourceModel):
    """A service that is sold; 0 is a legal id."""

    id = models.SmallIntegerField(primary_key=True)
    label = models.CharField(max_length=100, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_lead_required = models.BooleanField(default=False)
    order_number = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_service"
        verbose_name = "Genius service"


class GeniusAppointmentType(SourceModel):
    """A kind of appointment."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=50, null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "ingestion_genius_appointment_type"
        verbose_name = "Genius appointment type"


class GeniusAppointmentOutcomeType(SourceModel):
    """A group of outcomes; those without a place in the order have 999."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=50, null=True, blank=True)
    sort_idx = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_appointment_outcome_type"
        verbose_name = "Genius appointment outcome type"


class GeniusAppointmentOutcome(SourceModel):
    """How an appointment may end."""

    id = models.IntegerField(primary_key=True)
    type = refers_to("GeniusAppointmentOutcomeType", "appointment_outcomes", default=0)
    label = models.CharField(max_length=50, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_appointment_outcome"
        verbose_name = "Genius appointment outcome"


class GeniusAppointment(SourceModel):
    """A visit at a prospect's. `time` is a time of day, `duration` a length."""

    id = models.IntegerField(primary_key=True)
    prospect = refers_to("GeniusProspect", "appointments")
    prospect_source = refers_to("GeniusProspectSource", "appointments", null=True, blank=True)
    user = refers_to("GeniusUserData", null=True, blank=True)
    type = refers_to("GeniusAppointmentType", "appointments")
    date = models.DateField(null=True, blank=True)
    time = models.TimeField(null=True, blank=True)
    duration = models.DurationField(null=True, blank=True)
    address1 = models.CharField(max_length=255, null=True, blank=True)
    address2 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=2, null=True, blank=True)
    zip = models.CharField(max_length=20, null=True, blank=True)
    email = models.EmailField(null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    add_user = refers_to("GeniusUserData")
    add_date = models.DateTimeField(null=True, blank=True)
    assign_date = models.DateTimeField(null=True, blank=True)
    confirm_user = refers_to("GeniusUserData", null=True, blank=True)
    confirm_date = models.DateTimeField(null=True, blank=True)
    confirm_with = models.CharField(max_length=100, null=True, blank=True)
    spouses_present = models.IntegerField(default=0)
    is_complete = models.IntegerField(default=0)
    complete_outcome = refers_to("GeniusAppointmentOutcome", null=True, blank=True)
    complete_user = refers_to("GeniusUserData", null=True, blank=True)
    complete_date = models.DateTimeField(null=True, blank=True)
    marketsharp_id = models.CharField(max_length=100, null=True, blank=True)
    marketsharp_appt_type = models.CharField(max_length=100, null=True, blank=True)
    leap_estimate_id = models.CharField(max_length=100, null=True, blank=True)
    hubspot_appointment_id = models.BigIntegerField(null=True, blank=True)
    marketing_task_id = models.IntegerField(default=0)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_appointment"
        verbose_name = "Genius appointment"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_appointment_updated_"),
            models.Index(fields=["date"], name="gn_appointment_date"),
        ]


class GeniusAppointmentService(SourceModel):
    """A service that an appointment is about; the pair is the key."""

    appointment = refers_to("GeniusAppointment", "appointment_services")
    service = refers_to("GeniusService")
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_appointment_service"
        verbose_name = "Genius appointment service"
        constraints = [
            models.UniqueConstraint(fields=["appointment", "service"], name="gn_appointment_service_pair"),
        ]
