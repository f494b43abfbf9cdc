"""OpenLineage events read by others than who wrote them: a schema after the specification, and its generated classes.

The schema is written by hand after version 2-0-2 of the specification and its facets: what is required, of which type
and form. It is stricter: a field that it does not know is a fault. `parsed` reads an event into the classes that
OpenLineage generates from the specification, each facet into the class that its `_schemaURL` names.
"""

import json
import types
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin

import attr
import jsonschema
from openlineage.client import event_v2, facet_v2
from openlineage.client.generated import base

TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
URI = {"type": "string", "pattern": r"^[a-z][a-z0-9+.-]*:[^\s]+$"}
SPEC = {"type": "string", "pattern": r"^https://openlineage\.io/spec/(facets/)?\d+-\d+-\d+/\w+\.json#/\$defs/\w+$"}
UUID = {"type": "string", "pattern": r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
# What the classes write where there is nothing.
NOTHING = {"type": "object", "maxProperties": 0}


def obj(required: str, optional: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A JSON object with exactly these properties."""
    known = {**properties, **(optional or {})}
    return {"type": "object", "required": required.split(), "properties": known, "additionalProperties": False}


def facet(required: str = "", **properties: Any) -> dict[str, Any]:
    return obj(f"_producer _schemaURL {required}", _producer=URI, _schemaURL=SPEC, **properties)


def facets(**known: Any) -> dict[str, Any]:
    return {"type": "object", "properties": known, "additionalProperties": False}


def many(items: Any, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


def by_name(value: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": value, "propertyNames": TEXT}


PLACE = {"namespace": TEXT, "name": TEXT, "facets": NOTHING}
RUN_ID = obj("runId", runId=UUID, facets=NOTHING)
PARENT_JOB = obj("namespace name", PLACE)
FIELD = obj("name", name=TEXT, type=TEXT, description=TEXT, fields=many({}))
ASSERTION = obj(
    "assertion success",
    {"params": NOTHING},
    assertion=TEXT,
    success={"type": "boolean"},
    column=TEXT,
    severity={"enum": ["error", "warn"]},
    name=TEXT,
    description=TEXT,
    actual=TEXT,
)
MEASURED = obj("", nullCount=COUNT, distinctCount=COUNT, count=COUNT, quantiles=NOTHING)
MADE_OF = obj("namespace name field", namespace=TEXT, name=TEXT, field=TEXT, transformations=many({}))
RUN_FACETS = facets(
    processing_engine=facet("version", version=TEXT, name=TEXT),
    nominalTime=facet("nominalStartTime", nominalStartTime=TIME, nominalEndTime=TIME),
    parent=facet("run job", run=RUN_ID, job=PARENT_JOB, root=obj("run job", run=RUN_ID, job=PARENT_JOB)),
    errorMessage=facet("message programmingLanguage", message=TEXT, programmingLanguage=TEXT),
)
JOB_FACETS = facets(
    jobType=facet("processingType integration", processingType={"enum": ["BATCH"]}, integration=TEXT, jobType=TEXT),
    documentation=facet("description", description=TEXT),
)
DATASET_FACETS = facets(
    schema=facet("fields", fields=many(FIELD, 1)),
    version=facet("datasetVersion", datasetVersion=TEXT),
    ownership=facet("owners", owners=many(obj("name", name=TEXT, type=TEXT), 1)),
    datasetType=facet("datasetType", datasetType={"enum": ["TABLE", "VIEW"]}),
    columnLineage=facet(
        "fields", fields=by_name(obj("inputFields", inputFields=many(MADE_OF, 1))), dataset=many(MADE_OF)
    ),
)
INPUT_FACETS = facets(
    dataQualityMetrics=facet(
        "columnMetrics rowCount", rowCount=COUNT, bytes=COUNT, fileCount=COUNT, columnMetrics=by_name(MEASURED)
    ),
    dataQualityAssertions=facet("assertions", assertions=many(ASSERTION)),
)
OUTPUT_FACETS = facets(outputStatistics=facet("rowCount", rowCount=COUNT))
EVENT = obj(
    "eventType eventTime run job producer schemaURL",
    eventType={"enum": ["START", "COMPLETE", "FAIL", "ABORT"]},
    eventTime=TIME,
    run=obj("runId", runId=UUID, facets=RUN_FACETS),
    job=obj("namespace name", PLACE | {"facets": JOB_FACETS}),
    inputs=many(obj("namespace name", PLACE | {"facets": DATASET_FACETS, "inputFacets": INPUT_FACETS})),
    outputs=many(obj("namespace name", PLACE | {"facets": DATASET_FACETS, "outputFacets": OUTPUT_FACETS})),
    producer=URI,
    schemaURL=SPEC,
)


def checked(lines: Iterable[str | bytes]) -> list[dict[str, Any]]:
    """Events, each found good by the schema and by OpenLineage's classes; and together as the specification asks."""
    events: list[dict[str, Any]] = [json.loads(line) for line in lines]
    validator = jsonschema.Draft202012Validator(EVENT)
    states: dict[str, list[str]] = {}
    for event in events:
        validator.validate(event)
        assert json.loads(json.dumps(parsed(event_v2.RunEvent, event), default=_again)) == event
        states.setdefault(event["run"]["runId"], []).append(event["eventType"])
    # Of each run one START, and one end after it.
    assert all(found in (["START", "COMPLETE"], ["START", "FAIL"], ["START", "ABORT"]) for found in states.values()), (
        states
    )
    for event in events:
        parent = event["run"]["facets"].get("parent")
        assert parent is None or parent["run"]["runId"] in states
    return events


def _again(value: Any) -> Any:
    """A class's instance, or an enumeration, as JSON has it: what is None is left out."""
    if isinstance(value, Enum):
        return value.value
    return {one.name: held for one in attr.fields(type(value)) if (held := getattr(value, one.name)) is not None}


@cache
def _facets() -> dict[str, type]:
    """The address of a facet's definition -> its class."""
    found: dict[str, type] = {}
    for module in vars(facet_v2).values():
        if isinstance(module, types.ModuleType):
            held = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, base.BaseFacet)]
            found |= {one._get_schema(): one for one in held}
    return found


def parsed(kind: Any, value: Any) -> Any:
    """A JSON value as an instance of an annotation's type. Raises AssertionError where it is of another."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        (inner,) = [one for one in arguments if one is not type(None)]
        return None if value is None else parsed(inner, value)
    if origin is list:
        assert isinstance(value, list), value
        return [parsed(arguments[0], one) for one in value]
    if origin is dict:
        assert isinstance(value, dict), value
        return {name: parsed(arguments[1], one) for name, one in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if attr.has(kind):
        return _instance(kind, value)
    assert type(value) is kind or (kind is float and type(value) is int), (kind, value)
    return value


def _instance(kind: type, value: Any) -> Any:
    assert isinstance(value, dict), value
    if issubclass(kind, base.BaseFacet):
        kind = _facets()[value["_schemaURL"]]
    attr.resolve_types(kind)
    fields = {one.name: one for one in attr.fields(kind)}
    assert value.keys() <= fields.keys(), value.keys() - fields.keys()
    given = {fields[name].alias: parsed(fields[name].type, one) for name, one in value.items() if fields[name].init}
    made = kind(**given)
    written = dict(_plain(value, fields))
    assert all(getattr(made, name) == one for name, one in written.items()), written
    return made


def _plain(value: dict[str, Any], fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the class sets by itself: which definition it is of."""
    return ((name, one) for name, one in value.items() if not fields[name].init)
