"""The model of an entity: the weights of every comparison level, as a reviewed JSON file.

A model is a plain dictionary. `prior` holds the share of all record pairs that match, `related` the share of each
class of related pairs (a household), `comparisons` the m and u probability of every level but the null level, from the
strongest agreement to `else`. m is the share of true matches at the level, u the share of all other pairs.
"""

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dq_pipeline.config.entity import Comparison, Entity
from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.warehouse import Warehouse, literal

FORMAT = 1
ELSE_LABEL = "anything else"
# Where no data speak: eight matches of ten agree fully, one of twenty disagrees; strangers agree once in a thousand.
_M_BEST, _M_ELSE = 0.8, 0.05
_U_BEST, _U_MIDDLE = 0.001, 0.004
SMALLEST = 1e-9


def default_m(levels: int) -> list[float]:
    """The m probabilities assumed without data, for `levels` levels (`else` counted, null not)."""
    if levels == 2:
        return [1 - _M_ELSE, _M_ELSE]
    return [_M_BEST, *_falling(1 - _M_BEST - _M_ELSE, levels - 2), _M_ELSE]


def default_u(levels: int) -> list[float]:
    """The u probabilities assumed without data, for `levels` levels (`else` counted, null not)."""
    middle = [_U_MIDDLE] * (levels - 2)
    return [_U_BEST, *middle, 1 - _U_BEST - sum(middle)]


def _falling(total: float, parts: int) -> list[float]:
    """`total` cut into parts of which each is half as large as the one before."""
    shares = [0.5**part for part in range(parts)]
    return [total * share / sum(shares) for share in shares]


def match_weight(m: float, u: float) -> float:
    """How much a level speaks for a match, in bits: log2(m / u)."""
    return math.log2(max(m, SMALLEST) / max(u, SMALLEST))


def default_model(entity: Entity) -> dict[str, Any]:
    """The model used where there is nothing to train on: default weights and one match for a thousand pairs."""
    return {
        "entity": entity.name,
        "format": FORMAT,
        "trained_on": None,
        "records": 0,
        "profiles": 0,
        "prior": {"match": 0.001, **{related.name: 0.001 for related in entity.linkage.related}},
        "estimated_matches": 0,
        "comparisons": [default_comparison(comparison) for comparison in entity.linkage.comparisons],
        "notes": ["nothing to train on: all weights are defaults"],
    }


def default_comparison(comparison: Comparison) -> dict[str, Any]:
    """One comparison with its default weights."""
    count = len(comparison.levels) + 1
    return comparison_entry(comparison, default_m(count), default_u(count), "default")


def comparison_entry(comparison: Comparison, m: Sequence[float], u: Sequence[float], basis: str) -> dict[str, Any]:
    """One comparison as the model holds it; `basis` is `trained` or `default`."""
    labels = [(level.label, level.sql) for level in comparison.levels] + [(ELSE_LABEL, "else")]
    return {
        "name": comparison.name,
        "basis": basis,
        "levels": [
            {
                "label": label,
                "sql": " ".join(sql.split()),
                "m": _rounded(m_value),
                "u": _rounded(u_value),
                "weight": round(match_weight(_rounded(m_value), _rounded(u_value)), 3),
            }
            for (label, sql), m_value, u_value in zip(labels, m, u, strict=True)
        ],
    }


def _rounded(probability: float) -> float:
    """Six significant digits: a reviewed number, and the same on every machine."""
    return float(f"{max(probability, SMALLEST):.6g}")


def rounded_shares(shares: dict[str, float]) -> dict[str, float]:
    """Probabilities by name, each to six significant digits."""
    return {name: _rounded(share) for name, share in shares.items()}


def write_model(path: Path, model: dict[str, Any]) -> None:
    """Write a model as JSON that a person can review and git can diff; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.new")
    staged.write_text(json.dumps(model, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(staged, path)


def read_model(path: Path) -> dict[str, Any]:
    """A model from its file. Raises ConfigError where it is missing, no JSON, or not a model of this format."""
    remedy = "train it again with `dq train`"
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("the model is missing", where=path, remedy=remedy) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"the model cannot be read: {error}", where=path, remedy=remedy) from error
    if not isinstance(model, dict) or model.get("format") != FORMAT:
        raise ConfigError(f"not a model of format {FORMAT}", where=path, remedy=remedy)
    try:
        for share in model["prior"].values():
            _check_probability(share)
        for entry in model["comparisons"]:
            for level in entry["levels"]:
                _check_probability(level["m"])
                _check_probability(level["u"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"the model is damaged: {error!r}", where=path, remedy=remedy) from error
    return model


def _check_probability(value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1:
        raise ValueError(f"{value!r} is no probability between 0 and 1")


def fitted(model: dict[str, Any], entity: Entity) -> dict[str, Any]:
    """The model with one entry for every comparison of the entity, in its order.

    A comparison that the model lacks gets default weights. Raises ConfigError where the levels of the YAML are not
    those that were trained: their weights would be given to other conditions.
    """
    known = {entry["name"]: entry for entry in model["comparisons"]}
    entries = []
    for comparison in entity.linkage.comparisons:
        fresh = default_comparison(comparison)
        entry = known.get(comparison.name, fresh)
        if [level["sql"] for level in entry["levels"]] != [level["sql"] for level in fresh["levels"]]:
            raise ConfigError(
                f"the model of {entity.name} was trained with other levels of the comparison {comparison.name!r}",
                where=f"entities/{entity.name}.yml",
                remedy="train it again with `dq train`",
            )
        entries.append(entry)
    prior = {related.name: 0.001 for related in entity.linkage.related} | model["prior"]
    return {**model, "prior": prior, "comparisons": entries}


def at_size(model: dict[str, Any], profiles: int) -> dict[str, Any]:
    """The model for a table of another size than it was trained on.

    The shares of the prior are of all possible pairs. Those grow with the square of the profiles, matches and
    families only with the profiles, so the shares fall as the profiles grow.
    """
    if not model["profiles"] or not profiles:
        return model
    factor = model["profiles"] / profiles
    between = [one | {"match": min(one["match"] * factor, 0.5)} for one in model.get("prior_between", [])]
    prior = {name: min(share * factor, 0.5) for name, share in model["prior"].items()}
    return {**model, "prior": prior, "prior_between": between}


def weights(model: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Rows (entity, comparison, level number from 0 for `else` upward, label, m, u, weight)."""
    rows = []
    for entry in model["comparisons"]:
        top = len(entry["levels"]) - 1
        for place, level in enumerate(entry["levels"]):
            rows.append(
                (model["entity"], entry["name"], top - place, level["label"], level["m"], level["u"], level["weight"])
            )
    return rows


def build_weights(warehouse: Warehouse, model: dict[str, Any]) -> None:
    """Build linked.<entity>_weights: one row is one level of one comparison of the model in force."""
    rows = weights(model)
    if not rows:
        raise StageError(f"the model of {model['entity']} has no comparison", remedy="train it again with `dq train`")
    values = ",\n".join("(" + ", ".join(literal(value) for value in row) + ")" for row in rows)
    columns = "entity, comparison, level, label, m, u, weight"
    warehouse.build(
        f"linked.{model['entity']}_weights",
        f"""select entity, comparison, cast(level as integer) as level, label,
            cast(m as double) as m, cast(u as double) as u, cast(weight as double) as weight
        from (values {values}) as level_weights({columns})""",
    )
