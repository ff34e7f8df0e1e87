"""Who works, for whom, and what a task can be."""

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.arrivy.models.columns import flag, json, long_text, moment, number, text


class ArrivyEntity(SourceModel):
    """A team member or a crew; Arrivy's word for whoever tasks are given to."""

    id = models.CharField(max_length=50, primary_key=True)
    name = text(255)
    username = text(255)
    type = text(100)
    external_id = text(255)
    external_type = text(100)
    email = models.EmailField(null=True, blank=True)
    phone = text(20)
    image_id = text(50)
    image_path = models.URLField(max_length=1000, null=True, blank=True)
    color = text(50)
    url_safe_id = text(255)
    is_active = flag(True)
    is_disabled = flag(False)
    is_default = flag(False)
    user_type = text(50)
    invite_status = text(50)
    group_id = text(50)
    owner = text(50)
    additional_group_ids = json()
    address_line_1 = text(255)
    address_line_2 = text(255)
    city = text(100)
    state = text(100)
    country = text(100)
    zipcode = text(50)
    complete_address = long_text()
    exact_location = json()
    is_address_geo_coded = flag(False)
    use_lat_lng_address = flag(False)
    allow_login_in_kiosk_mode_only = flag(False)
    can_turnoff_location = flag(True)
    can_view_customers_of_all_groups = flag(False)
    is_status_priority_notifications_disabled = flag(False)
    is_included_in_billing = flag(True)
    force_stop_billing = flag(False)
    can_manage_resources = json()
    can_manage_crews = json()
    can_manage_entities = json()
    skill_ids = json()
    skill_details = json()
    details = long_text()
    extra_fields = json()
    visible_bookings = json()
    visible_routing_forms = json()
    notifications = json()
    allow_status_notifications = json()
    permission_groups = json()
    template_id = text(50)
    template_extra_fields = json()
    email_invitation = json()
    created_by = text(50)
    created_by_user = text(255)
    updated_by = text(50)
    updated_by_user = text(255)
    joined_datetime = moment()
    created = moment()
    updated = moment()
    last_reading = json()
    okta_user_id = text(255)
    permission = text(50)
    group_ids = json()

    class Meta:
        db_table = "ingestion_arrivy_entity"
        verbose_name = "Arrivy entity"
        indexes = (
            models.Index(fields=["email"], name="arrivy_entity_email"),
            models.Index(fields=["external_id"], name="arrivy_entity_external_id"),
        )

    def __str__(self) -> str:
        return self.name or self.id


class ArrivyGroup(SourceModel):
    """A division: entities, tasks and resources belong to it."""

    id = models.CharField(max_length=50, primary_key=True)
    url_safe_id = text(255)
    owner = text(50)
    name = text(255)
    description = long_text()
    email = models.EmailField(null=True, blank=True)
    phone = text(20)
    mobile_number = text(50)
    website = models.URLField(max_length=1000, null=True, blank=True)
    emergency = text(255)
    address_line_1 = text(255)
    address_line_2 = text(255)
    complete_address = long_text()
    city = text(100)
    state = text(100)
    country = text(100)
    zipcode = text(50)
    exact_location = json()
    use_lat_lng_address = flag(False)
    is_address_geo_coded = flag(False)
    timezone = text(50)
    image_id = text(50)
    image_path = models.URLField(max_length=1000, null=True, blank=True)
    is_default = flag(False)
    is_disabled = flag(False)
    is_implicit = flag(False)
    social_links = json()
    additional_addresses = json()
    territory_ids = json()
    extra_fields = json()
    created_by = text(50)
    created = moment()
    updated = moment()

    class Meta:
        db_table = "ingestion_arrivy_group"
        verbose_name = "Arrivy group"

    def __str__(self) -> str:
        return self.name or self.id


class ArrivyCustomer(SourceModel):
    """Whoever tasks are done for."""

    id = models.CharField(max_length=50, primary_key=True)
    external_id = text(255)
    company_name = text(255)
    first_name = text(255)
    last_name = text(255)
    email = models.EmailField(null=True, blank=True)
    phone = text(20)
    mobile_number = text(20)
    address_line_1 = text(255)
    address_line_2 = text(255)
    city = text(100)
    state = text(100)
    country = text(100)
    zipcode = text(20)
    timezone = text(50)
    notes = long_text()
    extra_fields = json()
    is_active = flag(True)
    created_time = moment()
    updated_time = moment()
    owner = text(50)
    exact_location = json()
    notifications = json()
    image_id = text(50)
    image_path = models.URLField(max_length=1000, null=True, blank=True)
    created = moment()
    updated = moment()

    class Meta:
        db_table = "ingestion_arrivy_customer"
        verbose_name = "Arrivy customer"
        indexes = (
            models.Index(fields=["email"], name="arrivy_customer_email"),
            models.Index(fields=["external_id"], name="arrivy_customer_external_id"),
        )

    def __str__(self) -> str:
        return self.company_name or " ".join(filter(None, (self.first_name, self.last_name))) or self.id


class ArrivyStatus(SourceModel):
    """A status that tasks can have."""

    id = models.CharField(max_length=50, primary_key=True)
    name = text(255)
    title = text(255)
    description = long_text()
    is_active = flag(True)
    type_id = text(50)
    status_type = text(50)
    order = number()
    visible_to_customer = models.BooleanField(null=True, default=False)
    require_signature = models.BooleanField(null=True, default=False)
    require_rating = models.BooleanField(null=True, default=False)
    color = text(20)
    created = moment()
    updated = moment()

    class Meta:
        db_table = "ingestion_arrivy_status"
        verbose_name = "Arrivy status"

    def __str__(self) -> str:
        return self.name or self.id
