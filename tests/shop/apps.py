"""A made-up source for the tests of the framework."""

from ingestion.source import SourceConfig


class ShopConfig(SourceConfig):
    default = True
    name = "tests.shop"
    label = "shop"
    crm_source = "shop"
    verbose_name = "Shop"
