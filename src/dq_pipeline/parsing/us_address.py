"""One US address as text -> its parts, as they stand in the text."""

import re
from typing import NamedTuple

import usaddress

# Longer texts are no addresses; the model's time grows with the length.
LONGEST = 400


class AddressParts(NamedTuple):
    """The parts of one address; None where the text has no such part. `street` is without type and directions."""

    number: str | None = None
    predirection: str | None = None
    street: str | None = None
    street_type: str | None = None
    postdirection: str | None = None
    unit_type: str | None = None
    unit: str | None = None
    po_box: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    parse_status: str = "unparsed"
    parse_note: str | None = None


PARTS = {
    "AddressNumberPrefix": "number",
    "AddressNumber": "number",
    "AddressNumberSuffix": "number",
    "StreetNamePreModifier": "street",
    "StreetNamePreDirectional": "predirection",
    "StreetNamePreType": "street",
    "StreetName": "street",
    "StreetNamePostType": "street_type",
    "StreetNamePostDirectional": "postdirection",
    "OccupancyType": "unit_type",
    "OccupancyIdentifier": "unit",
    "USPSBoxID": "po_box",
    "PlaceName": "city",
    "StateName": "state",
    "ZipCode": "postal_code",
}


def parse_address(text: str) -> AddressParts:
    """The parts of an address. Never raises for a text; what it cannot read is `unparsed`, with the reason."""
    if len(text) > LONGEST:
        return AddressParts(parse_note=f"longer than {LONGEST} characters")
    parts: dict[str, list[str]] = {}
    last, repeated = None, False
    for token, label in usaddress.parse(text):
        part = PARTS.get(label)
        if part is None:
            last = None
            continue
        if part in parts and part != last:
            repeated = True
        parts.setdefault(part, []).append(token)
        last = part
    values = {part: re.sub(r"^[\W_]+|[^\w.]+$", "", " ".join(tokens)) for part, tokens in parts.items()}
    kept = {part: value.rstrip(".") for part, value in values.items() if value.rstrip(".")}
    if not kept:
        return AddressParts(parse_note="no part of an address found")
    return AddressParts(
        **kept,
        parse_status="ambiguous" if repeated else "parsed",
        parse_note="a part stands in two places" if repeated else None,
    )
