"""What is searched for when a person is erased: their own words in every spelling, and no part of another's."""

import re

import pytest

from dq_pipeline.erasing.people import alternatives, is_telling, spellings


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("orders:1 and orders:12, web_orders:1", "* and orders:12, web_orders:1"),
        ("ALMA REYES <alma.reyes@gmail.com>", "* <*>"),
        ("almaxreyes@gmail.com", "almaxreyes@gmail.com"),
        ("(+1 615) 2", "*2"),
    ],
)
def test_what_is_replaced(text: str, left: str) -> None:
    pattern = alternatives(["Alma Reyes", "alma.reyes@gmail.com", "(+1 615) "], ["orders:1"])
    assert re.sub(pattern, "*", text) == left


def test_nothing_to_search_for_is_never_found() -> None:
    assert re.search(alternatives([]), "any text\n") is None


def test_spellings_of_html_json_and_addresses() -> None:
    assert {"Zoë O&#x27;Hara", "Zo\\u00eb O'Hara", "Zo%C3%AB%20O%27Hara", "Zoë O&#39;Hara"} <= spellings("Zoë O'Hara")


@pytest.mark.parametrize(
    ("value", "telling"),
    [
        ("alma@x.org", True),
        ("615-244-3817", True),
        ("Alma Reyes", True),
        ("Reyes", False),
        ("Nashville", False),
        ("1984-03-12", False),
        ("03/12/1984 00:00:00", False),
        ("12 A", False),
    ],
)
def test_what_is_the_persons_beyond_chance(value: str, telling: bool) -> None:
    assert is_telling(value) is telling
