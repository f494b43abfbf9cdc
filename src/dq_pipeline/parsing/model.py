"""Text -> labelled parts, by usaddress's trained model, put together and repaired where the model is known to err."""

import re
from itertools import groupby, pairwise

import usaddress

from dq_pipeline.parsing.vocabulary import DIRECTIONS, NUMBER_WORDS, PLAIN_TYPES, folded, is_state

_PART_OF = {
    "AddressNumberPrefix": "number",
    "AddressNumber": "number",
    "AddressNumberSuffix": "number",
    "StreetNamePreModifier": "street",
    "StreetNamePreType": "street",
    "StreetName": "street",
    "StreetNamePreDirectional": "predirection",
    "StreetNamePostType": "street_type",
    "StreetNamePostDirectional": "postdirection",
    "SubaddressType": "unit_type",
    "OccupancyType": "unit_type",
    "SubaddressIdentifier": "unit",
    "OccupancyIdentifier": "unit",
    "USPSBoxType": "box_type",
    "USPSBoxGroupType": "route",
    "USPSBoxGroupID": "route",
    "USPSBoxID": "po_box",
    "PlaceName": "city",
    "StateName": "state",
    "ZipCode": "postal_code",
    "IntersectionSeparator": "corner",
    "BuildingName": "landmark",
    "LandmarkName": "landmark",
}
_IN_STREET = ("predirection", "street", "street_type", "postdirection", "corner")
_SIDES = ("predirection", "postdirection")
_GLUED_UNIT = re.compile(r"(?i)\b(apt|apartment|ste|suite|unit|bldg|rm|lot|lt|fl)\.?#?(\d+[a-z]?)\b")
_NUMBER_SIGNS = re.compile(r"(?i)#[#\s]*(?=#|(?:apt|apartment|ste|suite|unit|bldg|rm|lot)\b)")
_POST_OFFICE = re.compile(r"(?i)\b(?:p\.?\s?o\.?\s?box|p\.?o\.?b\.?(?=\s*#?\s*\d)|post\s+office\s+box)\.?\s*#*")

Tokens = list[tuple[str, str]]
Parts = dict[str, str]


def parts_of(text: str, state: str | None, postal_code: str | None, *, has_town: bool) -> tuple[Parts, list[str]]:
    """The parts that the model sees in a text, and the notes on what it left out or could not tell.

    A known state and ZIP code follow the text: they help the model to see the town, and are not in the answer. Without
    `has_town` the text holds no town, state or ZIP code, whatever the model says.
    """
    text = _POST_OFFICE.sub("PO Box ", text)
    text = _NUMBER_SIGNS.sub("", _GLUED_UNIT.sub(r"\1 \2", text))
    tail = " ".join(filter(None, (state, postal_code))) if has_town else ""
    labels = usaddress.parse(f"{text}, {tail}" if tail else text)
    tokens: Tokens = [(token, _PART_OF.get(label, label)) for token, label in labels]
    if tail:
        tokens = tokens[: -len(usaddress.tokenize(tail)) or None]
    if not has_town:
        tokens = _without_place(tokens)
    elif state:
        tokens = [(token, "city" if part == "state" else part) for token, part in tokens]
    parts, notes = _assemble(tokens)
    for repair in _REPAIRS:
        repair(parts)
    return parts, notes


def _without_place(tokens: Tokens) -> Tokens:
    """What the model takes for a town, state or ZIP code in a text that has none is part of the street's name."""
    parts = {part for _, part in tokens}
    if "number" not in parts and len(tokens) > 2 and tokens[0][0].isdigit():
        # `87 St Andrews Crossover`: the number is first, and what follows it is a name.
        (number, _), (following, part), *others = tokens
        tokens = [(number, "number"), (following, "street" if part == "street_type" else part), *others]
    moved = {"city", "state", "postal_code"}
    if not parts & {"street", "po_box"} and "," not in "".join(token for token, _ in tokens):
        moved |= {"landmark"} | parts - set(_PART_OF.values())
    return [(token, "street" if part in moved else part) for token, part in tokens]


def _assemble(tokens: Tokens) -> tuple[Parts, list[str]]:
    """Tokens of one part joined; what has no part is noted."""
    tokens, notes = _one_street(tokens)
    parts = _unit(tokens)
    others = [(token, part) for token, part in tokens if part not in {"unit", "unit_type", "box_type"}]
    for part, run in groupby(others, key=lambda token: token[1]):
        value = _stripped(" ".join(token for token, _ in run))
        if part not in _PART_OF.values():
            notes.append(f"left out: {value}")
        elif part == "landmark":
            parts[part] = f"{parts.get(part, '')} {value}".strip()
        elif part in parts and part == "number":
            notes.append("ambiguous: two numbers")
        else:
            if part in parts:
                notes.append(f"ambiguous: {part.replace('_', ' ')} in two places")
            parts[part] = value
    landmark = parts.pop("landmark", "")
    if landmark and not parts.keys() & {"street", "po_box"}:
        parts["street"] = landmark
    elif landmark:
        notes.append(f"left out: {landmark}")
    return {part: value for part, value in parts.items() if value}, notes


def _one_street(tokens: Tokens) -> tuple[Tokens, list[str]]:
    """Two streets at a corner are one name; of two others, the first complete one counts."""
    labels = [part for _, part in tokens]
    places = [place for place, part in enumerate(labels) if part in _IN_STREET]
    if "corner" in labels:
        first, last = places[0], places[-1]
        joined = [(token, "street" if first <= place <= last else part) for place, (token, part) in enumerate(tokens)]
        return joined, ["a corner of two streets"]
    names = [place for place in places if labels[place] == "street"]
    gaps = [(one, other) for one, other in pairwise(names) if other > one + 1]
    if not gaps:
        return tokens, []
    start, end = gaps[0]
    if "street_type" in labels[start:end]:
        rest = [(token, "another street" if part in _IN_STREET else part) for token, part in tokens[end:]]
        return [*tokens[:end], *rest], ["ambiguous: two streets"]
    joined = [
        (token, "street" if names[0] <= place <= names[-1] else part) for place, (token, part) in enumerate(tokens)
    ]
    return joined, ["ambiguous: two streets"]


def _unit(tokens: Tokens) -> Parts:
    """Unit identifiers in order, under the last type that stands beside one: `Bldg 2 Apt 4` is Apt `2 4`."""
    identifiers: list[str] = []
    kind = ""
    for token, part in tokens:
        if part == "unit_type":
            kind = token
        elif part == "unit" and token == "#":
            kind = kind or "#"
        elif part == "unit":
            identifiers.append(token.lstrip("#"))
            kind = kind or ("#" if token.startswith("#") else "")
    return {"unit_type": _stripped(kind) or kind, "unit": _stripped(" ".join(identifiers))}


def _stripped(value: str) -> str:
    """A value without the punctuation around it."""
    return re.sub(r"^[^\w#]+|[^\w]+$", "", value)


def _number_has_digits(parts: Parts) -> None:
    """`Brook Park Drive`: a number is written with digits or is a number word; `421 1/2` is one number."""
    number = parts.get("number", "")
    if number and not re.search(r"\d", number) and number.lower() not in NUMBER_WORDS:
        parts["street"] = f"{parts.pop('number')} {parts.get('street', '')}".strip()
    if number and re.fullmatch(r"[1-3]/[2-4]", parts.get("predirection", "")):
        parts["number"] = f"{number} {parts.pop('predirection')}"


def _directions_only(parts: Parts) -> None:
    """`480 Flint Ridge Court`: what is no direction is part of the name."""
    for side in _SIDES:
        words = re.findall(r"\w+", parts.get(side, "").lower().replace(".", ""))
        if not set(words) <= DIRECTIONS:
            both = (parts.pop(side), parts.get("street", ""))
            parts["street"] = " ".join(both if side == "predirection" else reversed(both)).strip()


def _highway_number(parts: Parts) -> None:
    """`Vermont 113`: a number after the name of a state is the highway's, and no unit."""
    if is_state(parts.get("street", "")) and "unit" in parts and "unit_type" not in parts:
        parts["street"] += f" {parts.pop('unit')}"


def _name_from_direction(parts: Parts) -> None:
    """`100 South St`, `6868 West`: a direction with a type or number and no name is the name."""
    if "street_type" not in parts and folded(parts.get("street", "")) in PLAIN_TYPES and parts.keys() & _SIDES:
        parts["street_type"] = parts.pop("street")
    side = next((side for side in _SIDES if side in parts), None)
    if side and "street" not in parts and parts.keys() & {"street_type", "number"}:
        parts["street"] = parts.pop(side)


def _name_from_type(parts: Parts) -> None:
    """`12 The Oval`: a type without a name is the name. `7th Street Road`: of several types the last is the type."""
    *names, kind = parts.get("street_type", "").split() or [""]
    name = " ".join(filter(None, [parts.get("street"), *names]))
    if kind and (not name or kind.isdigit()):
        parts["street"] = f"{name} {kind}".strip()
        del parts["street_type"]
    elif kind:
        parts["street"], parts["street_type"] = name, kind


def _type_from_name(parts: Parts) -> None:
    """`Panama City Beach Parkway`: a name that ends with a plain type has that type."""
    *names, kind = parts.get("street", "").split() or [""]
    if names and folded(kind) in PLAIN_TYPES and not parts.keys() & {"street_type", "postdirection"}:
        parts["street"], parts["street_type"] = " ".join(names), kind


def _split_grid(parts: Parts) -> None:
    """`48S 400E` and `County Hwy 60E`: a direction glued to a number of a grid or a highway."""
    street = re.fullmatch(r"(?i)(.*\b)?(\d+)([nsew])", parts.get("street", ""))
    if not street or "postdirection" in parts or "street_type" in parts:
        return
    parts["street"], parts["postdirection"] = f"{street[1] or ''}{street[2]}", street[3]
    number = re.fullmatch(r"(?i)(\d+)([nsew])", parts.get("number", ""))
    if number and "predirection" not in parts:
        parts["number"], parts["predirection"] = number[1], number[2]


def _put_back_state(parts: Parts) -> None:
    """A word that is no state belongs to the town before it."""
    state = parts.get("state", "")
    if len(state) > 3 and state.isalpha() and not is_state(state):
        parts["city"] = f"{parts.get('city', '')} {parts.pop('state')}".strip()


# In this order: a later repair builds on an earlier one.
_REPAIRS = (
    _number_has_digits,
    _directions_only,
    _highway_number,
    _name_from_direction,
    _name_from_type,
    _type_from_name,
    _split_grid,
    _put_back_state,
)
