"""The model as a file: written, read back, refused where it is damaged or does not fit the YAML."""

import json
from pathlib import Path

import pytest
from linkage_people import person

from dq_pipeline.errors import ConfigError
from dq_pipeline.linkage import default_model, read_model, weights, write_model
from dq_pipeline.linkage.model import at_size, default_m, default_u, fitted


@pytest.mark.parametrize("levels", [2, 3, 4, 8])
def test_default_weights_are_probabilities_and_fall(levels: int) -> None:
    m, u = default_m(levels), default_u(levels)
    assert sum(m) == pytest.approx(1)
    assert sum(u) == pytest.approx(1)
    ratios = [a / b for a, b in zip(m, u, strict=True)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] < 1 < ratios[0]


def test_a_model_comes_back_as_it_was_written_and_the_file_is_stable(tmp_path: Path) -> None:
    model = default_model(person())
    path = tmp_path / "models" / "person.json"
    write_model(path, model)
    first = path.read_bytes()
    write_model(path, read_model(path))
    assert path.read_bytes() == first
    assert read_model(path) == model


def test_a_model_whose_writing_is_cut_short_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "person.json"
    write_model(path, default_model(person()))

    def cut(staged: Path, text: str, **_: object) -> None:
        staged.write_bytes(text[: len(text) // 2].encode())
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", cut)
    with pytest.raises(KeyboardInterrupt):
        write_model(path, {})
    assert read_model(path) == default_model(person())


def test_weights_name_every_level_from_the_strongest_to_else() -> None:
    rows = [row[:4] for row in weights(default_model(person())) if row[1] == "first_name"]
    assert rows == [
        ("person", "first_name", 2, "same"),
        ("person", "first_name", 1, "close"),
        ("person", "first_name", 0, "anything else"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("[]", "not a model"),
        ('{"format": 99}', "not a model"),
        ('{"format": 1, "prior": {"match": 0.1}}', "damaged"),
        ('{"format": 1, "prior": {"match": 0}, "comparisons": []}', "damaged"),
        ('{"format": 1, "prior": {"match": 0.1}, "comparisons": [{"levels": [{"m": 2, "u": 0.1}]}]}', "damaged"),
    ],
)
def test_a_damaged_model_is_an_error_that_names_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "person.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as raised:
        read_model(path)
    assert raised.value.where == str(path)
    assert "dq train" in str(raised.value)


def test_a_missing_model_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing") as raised:
        read_model(tmp_path / "person.json")
    assert "dq train" in str(raised.value)


def test_a_comparison_that_the_model_lacks_gets_default_weights() -> None:
    model = default_model(person())
    model["comparisons"] = model["comparisons"][1:]
    names = [entry["name"] for entry in fitted(model, person())["comparisons"]]
    assert names == [comparison.name for comparison in person().linkage.comparisons]


def test_a_model_of_other_levels_is_refused() -> None:
    model = json.loads(json.dumps(default_model(person())))
    model["comparisons"][0]["levels"][0]["sql"] = "first_l = last_r"
    with pytest.raises(ConfigError, match="other levels of the comparison 'first_name'"):
        fitted(model, person())


@pytest.mark.parametrize(("profiles", "share"), [(0, 0.01), (1_000, 0.01), (10_000, 0.001), (10, 0.5)])
def test_the_share_of_matches_falls_as_the_table_grows(profiles: int, share: float) -> None:
    model = default_model(person()) | {"profiles": 1_000, "prior": {"match": 0.01}}
    assert at_size(model, profiles)["prior"]["match"] == pytest.approx(share)


def test_default_shares_are_for_any_size() -> None:
    assert at_size(default_model(person()), 500) == default_model(person())
