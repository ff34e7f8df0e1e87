"""docs/reliability.md is what its declarations make."""

import pytest

from tests.reliability import PAGE, page, place


def test_committed_page_is_what_the_generator_makes():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make reliability`"


def test_place_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError):
        place("ingestion.base.window:Window.gone")
