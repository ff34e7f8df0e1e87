"""Divisions, users and their titles, settings of integrations."""

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.genius.models.references import refers_to


class GeniusDivisionGroup(SourceModel):
    """A group of divisions (a brand or a company).

    The accounts and keys of payment and signature services are not read unless that is asked for: see
    `SECRETS` in `processors`.
    """

    id = models.SmallIntegerField(primary_key=True)
    group_label = models.CharField(max_length=64, null=True, blank=True)
    region = models.IntegerField(default=1)
    default_time_zone_name = models.CharField(max_length=64, default="US/Pacific", blank=True)
    intern_payroll_start = models.IntegerField(null=True, blank=True)
    painter_payroll_start = models.IntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    cc_profile_id = models.CharField(max_length=32, null=True, blank=True)
    mes_profile_id = models.CharField(max_length=25, null=True, blank=True)
    mes_profile_key = models.CharField(max_length=50, null=True, blank=True)
    docusign_acct_id = models.CharField(max_length=50, null=True, blank=True)
    paysimple_username = models.CharField(max_length=20, null=True, blank=True)
    paysimple_secret = models.CharField(max_length=150, null=True, blank=True)
    hub_account_id = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_division_group"
        verbose_name = "Genius division group"


class GeniusDivisionRegion(SourceModel):
    """A region of divisions."""

    id = models.SmallIntegerField(primary_key=True)
    name = models.CharField(max_length=64, null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "ingestion_genius_division_region"
        verbose_name = "Genius division region"


class GeniusDivision(SourceModel):
    """A division (a branch). `is_inactive` is a number, as Genius has it."""

    id = models.IntegerField(primary_key=True)
    group = refers_to("GeniusDivisionGroup", "divisions", null=True, blank=True)
    region = refers_to("GeniusDivisionRegion", "divisions", null=True, blank=True)
    label = models.CharField(max_length=255, null=True, blank=True)
    abbreviation = models.CharField(max_length=50, null=True, blank=True)
    is_utility = models.BooleanField(default=False)
    is_corp = models.BooleanField(default=False)
    is_omniscient = models.BooleanField(default=False)
    is_inactive = models.IntegerField(default=0)
    account_scheduler_id = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_division"
        verbose_name = "Genius division"


class GeniusUserTitle(SourceModel):
    """A job title."""

    id = models.SmallIntegerField(primary_key=True)
    title = models.CharField(max_length=100, null=True, blank=True)
    abbreviation = models.CharField(max_length=10, null=True, blank=True)
    roles = models.CharField(max_length=256, null=True, blank=True)
    type_id = models.SmallIntegerField(default=0)
    section_id = models.SmallIntegerField(null=True, blank=True)
    sort = models.SmallIntegerField(default=0)
    pay_component_group_id = models.SmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_unique_per_division = models.BooleanField(default=False)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_user_title"
        verbose_name = "Genius user title"


class GeniusUserData(SourceModel):
    """A user. `primary_user` is the account that several accounts of one person belong to."""

    id = models.IntegerField(primary_key=True, db_column="user_id")
    division = refers_to("GeniusDivision", "user_data")
    title = refers_to("GeniusUserTitle", "user_data", null=True, blank=True)
    manager_user = refers_to("GeniusUserData", null=True, blank=True)
    first_name = models.CharField(max_length=100, null=True, blank=True)
    first_name_alt = models.CharField(max_length=100, null=True, blank=True)
    last_name = models.CharField(max_length=100, null=True, blank=True)
    email = models.EmailField(null=True, blank=True)
    personal_email = models.EmailField(null=True, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    gender_id = models.IntegerField(null=True, blank=True)
    marital_status_id = models.IntegerField(null=True, blank=True)
    time_zone_name = models.CharField(max_length=50, default="", blank=True)
    hired_on = models.DateTimeField(null=True, blank=True)
    start_date = models.DateTimeField(null=True, blank=True)
    add_user = refers_to("GeniusUserData", null=True, blank=True)
    add_datetime = models.DateTimeField(null=True, blank=True)
    is_inactive = models.BooleanField(default=False)
    inactive_on = models.DateTimeField(null=True, blank=True)
    inactive_reason_id = models.SmallIntegerField(null=True, blank=True)
    inactive_reason_other = models.CharField(max_length=255, null=True, blank=True)
    primary_user = refers_to("GeniusUserData", null=True, blank=True)
    inactive_transfer_division = refers_to("GeniusDivision", null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_user_data"
        verbose_name = "Genius user"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_user_data_updated_"),
            models.Index(fields=["email"], name="gn_user_data_email"),
        ]


class GeniusUserAssociation(SourceModel):
    """What ties the accounts of one person together: `user` is the primary one."""

    id = models.IntegerField(primary_key=True)
    user = refers_to("GeniusUserData", null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_user_association"
        verbose_name = "Genius user association"


class GeniusIntegrationField(SourceModel):
    """A setting of an integration, of either a user or a division."""

    id = models.IntegerField(primary_key=True)
    definition = refers_to("GeniusIntegrationFieldDefinition", "integration_fields")
    user = refers_to("GeniusUserData", null=True, blank=True)
    division = refers_to("GeniusDivision", "integration_fields", null=True, blank=True)
    field_value = models.CharField(max_length=128, null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_integration_field"
        verbose_name = "Genius integration field"


class GeniusIntegrationFieldDefinition(SourceModel):
    """What settings an integration has."""

    id = models.IntegerField(primary_key=True)
    integration_id = models.IntegerField()
    label = models.CharField(max_length=32)
    key_name = models.CharField(max_length=64)
    is_user = models.BooleanField(default=False)
    is_division = models.BooleanField(default=False)
    hint = models.CharField(max_length=255, null=True, blank=True)
    input_type = models.CharField(max_length=50, null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_integration_field_definition"
        verbose_name = "Genius integration field definition"
