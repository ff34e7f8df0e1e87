"""Divisions, users and the settings of integrations."""

from ingestion.base.database import Table
from ingestion.sync.genius import processors
from ingestion.sync.genius.clients import primary_user
from ingestion.sync.genius.engines.base import GeniusSyncEngine, changing, lookup
from ingestion.sync.genius.processors import SECRETS


class GeniusDivisionGroupSyncEngine(GeniusSyncEngine):
    """Groups of divisions; the columns with secrets are not asked for."""

    sync_type = "division_groups"
    resource = Table("division_group", cursor="updated_at", without=SECRETS, rename=str.lower)
    processor_class = processors.GeniusDivisionGroupProcessor


class GeniusDivisionRegionSyncEngine(GeniusSyncEngine):
    """Regions."""

    sync_type = "division_regions"
    resource = lookup("division_region")
    processor_class = processors.GeniusDivisionRegionProcessor


class GeniusDivisionSyncEngine(GeniusSyncEngine):
    """Divisions."""

    sync_type = "divisions"
    resource = changing("division")
    processor_class = processors.GeniusDivisionProcessor
    after = ("division_groups", "division_regions")


class GeniusUserTitleSyncEngine(GeniusSyncEngine):
    """Job titles."""

    sync_type = "user_titles"
    resource = changing("user_title")
    processor_class = processors.GeniusUserTitleProcessor


class GeniusUserDataSyncEngine(GeniusSyncEngine):
    """Users; an older name of the entity is `users`."""

    sync_type = "user_data"
    aliases = ("users",)
    resource = changing("user_data", key="user_id", derived={"primary_user_id": primary_user})
    processor_class = processors.GeniusUserDataProcessor
    after = ("divisions", "user_titles")


class GeniusUserAssociationSyncEngine(GeniusSyncEngine):
    """Accounts of one person."""

    sync_type = "user_associations"
    resource = changing("users_userassociations")
    processor_class = processors.GeniusUserAssociationProcessor
    after = ("user_data",)


class GeniusIntegrationFieldDefinitionSyncEngine(GeniusSyncEngine):
    """What settings integrations have."""

    sync_type = "integration_field_definitions"
    resource = lookup("integration_field_definition")
    processor_class = processors.GeniusIntegrationFieldDefinitionProcessor


class GeniusIntegrationFieldSyncEngine(GeniusSyncEngine):
    """Settings of integrations."""

    sync_type = "integration_fields"
    resource = changing("integration_field")
    processor_class = processors.GeniusIntegrationFieldProcessor
    after = ("user_data", "divisions", "integration_field_definitions")
