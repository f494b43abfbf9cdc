"""Secrets come from the environment and are taken out of whatever is written down."""

from pathlib import Path

import pytest

from dq_pipeline.config.secrets import fill, is_placeholder, placeholders, redact, redact_all
from dq_pipeline.errors import ConfigError


def test_placeholders_are_filled_from_the_environment_and_from_files_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of-a-file\n", encoding="utf-8")
    environment = {"USER_NAME": "night", "KEY": str(tmp_path / "key")}
    assert fill("https://${USER_NAME}:${file:KEY}@host/", environment=environment) == "https://night:of-a-file@host/"
    assert placeholders("${A}-${file:B}-$C-{D}") == ["A", "B"]
    assert is_placeholder("${file:KEY}")
    assert not is_placeholder("${A}x")


@pytest.mark.parametrize(
    ("environment", "said"),
    [({}, "KEY is not set"), ({"KEY": "/nowhere/s3cret"}, "cannot be read"), ({"KEY": "EMPTY"}, "is empty")],
)
def test_what_is_missing_is_named_and_no_value_is_told(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    environment = {name: str(tmp_path / "empty") if value == "EMPTY" else value for name, value in environment.items()}
    with pytest.raises(ConfigError, match=said) as caught:
        fill("${file:KEY}", where="nightly.yml", environment=environment)
    assert "s3cret" not in str(caught.value)
    assert caught.value.remedy


def test_what_was_filled_in_is_redacted_in_every_form() -> None:
    environment = {"HOOK": "https://hooks.example/services/T0/pa ss?key=abcd9876", "WORD": 'q"uo/te+'}
    fill("${HOOK} ${WORD}", environment=environment)
    for text in (
        "no way to https://hooks.example/services/T0/pa ss?key=abcd9876",
        "HTTPSConnectionPool(host='hooks.example'): url: /services/T0/pa ss?key=abcd9876",
        'token abcd9876, q%22uo%2Fte%2B, q\\"uo/te+',
    ):
        shown = redact(text)
        assert not any(part in shown for part in ("services", "abcd9876", "uo", "pa ss")), shown
        assert "•••" in shown
    assert redact("postgresql://me:never-filled@host/db") == "postgresql://•••@host/db"
    assert redact_all({"a": ["abcd9876", 1, None]}) == {"a": ["•••", 1, None]}
