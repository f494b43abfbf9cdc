"""The sample's entity as that of another project: its text is changed in few places, so that its comments stay.

Each change looks for its place by the structure of the YAML, or by a line of the SQL; where that is not found, the
sample has changed and a ConfigError says so, because a project that is half adapted would be wrong in silence.
"""

import re
from collections.abc import Sequence

import yaml

from dq_pipeline.errors import ConfigError

# libyaml's loader is ten times as fast; PyYAML is also built without it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Columns of the sample's records that only its orders and shipments fill.
_ORDER_WORDS = re.compile(r"\b(order_ref|customer_ref|buyer|recipient)\b")
# Text columns of a conformed customer that no source need give.
OPTIONAL_COLUMNS = (
    "system", "customer_type", "full_name", "first_name", "middle_name", "last_name", "preferred_name", "email",
    "phone", "birth_date", "address_line1", "address_line2", "city", "state", "postal_code", "country",
    "customer_ref", "order_ref", "channel", "status",
)  # fmt: skip
# The parts that make one place of several spellings, and its id where all are there: a home needs a number and a town.
_PLACE_KEYS = ("number_key", "street_key", "unit_key", "city_key", "postal_key")
_PLACE_ID = """,
    case
        when records.number_key is not null
            and records.street_key is not null
            and coalesce(records.postal_key, records.city_key) is not null
            then 'PLC-' || upper(
                left(
                    md5(
                        concat_ws(
                            ' ',
                            records.number_key,
                            records.street_key,
                            'unit ' || records.unit_key,
                            coalesce(records.postal_key, records.city_key)
                        )
                    ),
                    16
                )
            )
    end as place_id"""
_ADDRESS_COLUMNS = ("address_line1", "address_line2", "city", "state", "postal_code", "country")


def adapt_entity(text: str, entity: str, sources: Sequence[str]) -> str:
    """The YAML of the sample's entity for other sources, comments kept.

    Rules that speak of orders are taken out; without an address entity the place as written stands for its id.
    """
    listed = f"[{', '.join(sources)}]"
    text = _replace(text, ("sources",), listed)
    text = _replace(text, ("golden", "trust"), listed)
    if _find(text, ("unique_in",)):
        text = _with_comment(text, "unique_in", "A source should hold each once: a second record there is a duplicate.")
        text = _replace(text, ("unique_in",), listed)
    text = _without_order_rules(text)
    if entity != "customer":
        return text
    text = _with_comment(text, "name", "Who is who.")
    if _find(text, ("evidence",)):
        text = _with_comment(
            text, "evidence", "No address is resolved here: records are compared by the place as written."
        )
        text = _replace(text, ("evidence",), "- {column: address_id}")
    optional = f"[{', '.join(OPTIONAL_COLUMNS)}]"
    if _find(text, ("columns",)):
        text = _replace(text, ("columns",), optional)
    else:
        raise _changed("entities/customer.yml", "it has no list `columns`")
    return _own_place(text)


def adapt_customer_select(text: str) -> str:
    """The SELECT of the sample's customer records with the place as written beside the keys made of it."""
    place, end = "\nfrom records\n", len(text)
    at = text.rfind(place)
    last_select = text.rfind("\nselect\n", 0, at)
    if at < 0 or last_select < 0:
        raise _changed("sql/standardized/customer.sql", "its last SELECT is not `from records`")
    listed = text[last_select:at]
    listed_keys = [name for name in _PLACE_KEYS if re.search(rf"[.\s]{name}(,|$)", listed, re.MULTILINE)]
    if listed_keys != list(_PLACE_KEYS):
        raise _changed("sql/standardized/customer.sql", f"its last SELECT lacks one of {', '.join(_PLACE_KEYS)}")
    missing = [name for name in _ADDRESS_COLUMNS if not re.search(rf"[.\s]{name}(,|$)", listed, re.MULTILINE)]
    columns = _PLACE_ID + "".join(f",\n    conformed.{name}" for name in missing)
    join = "left join standardized.customer_conformed as conformed\n    on conformed.record_id = records.record_id\n"
    return f"{text[:at]}{columns}{place}{join if missing else ''}{text[at + len(place) : end]}"


def adapt_household(text: str) -> str:
    """A SELECT of the sample's households by the place as written, where no address is resolved."""
    if "address_id" not in text:
        raise _changed("sql/mastered/household.sql", "it does not speak of address_id")
    adapted = re.sub(r"\baddress_id\b", "place_id", text)
    return adapted.replace("where they live: address.place_id", "where they live: customer.place_id")


def _without_order_rules(text: str) -> str:
    """Deterministic rules without those that need an order, a buyer or a recipient."""
    while rules := _find(text, ("linkage", "deterministic")):
        found = [number for number, rule in enumerate(rules.value) if _ORDER_WORDS.search(_cut(text, rule))]
        if not found:
            return text
        kept = len(rules.value) > 1
        text = _remove(text, ("linkage", "deterministic", found[-1]) if kept else ("linkage", "deterministic"))
    return text


def _own_place(text: str) -> str:
    """The golden record takes the place as written, in place of the id of an address that is resolved."""
    fields = _find(text, ("golden", "fields"))
    if fields is None:
        raise _changed("entities/customer.yml", "it has no golden.fields")
    for number, one in enumerate(fields.value):
        named = {key.value: value.value for key, value in one.value}
        if named.get("name") == "address_id":
            place = (
                "{name: place, columns: [place_id, "
                + ", ".join(_ADDRESS_COLUMNS)
                + "], rule: most_recent, title: 'the place as written, all parts from one record'}"
            )
            text = _replace(text, ("golden", "fields", number), place)
            break
    else:
        raise _changed("entities/customer.yml", "no golden field is address_id")
    personal = _find(text, ("personal",))
    if personal is None:
        raise _changed("entities/customer.yml", "it has no list `personal`")
    names = [item.value for item in personal.value]
    more = "".join(f", {name}" for name in _ADDRESS_COLUMNS[:2] if name not in names)
    end = personal.end_mark.index - 1
    if text[end] != "]":
        raise _changed("entities/customer.yml", "`personal` is no list in brackets")
    return text[:end] + more + text[end:]


def _find(text: str, path: Sequence[str | int]) -> yaml.Node | None:
    """The value at a path of keys and positions, or None."""
    found = _pair(text, path)
    return found[1] if found else None


def _pair(text: str, path: Sequence[str | int]) -> tuple[yaml.Node, yaml.Node] | None:
    """Key and value at a path; for an item of a list the item twice."""
    node = yaml.compose(text, Loader=_LOADER)
    pair: tuple[yaml.Node, yaml.Node] | None = None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            pair = node.value[part], node.value[part]
        else:
            pair = None
        if pair is None:
            return None
        node = pair[1]
    return pair


def _cut(text: str, node: yaml.Node) -> str:
    return text[node.start_mark.index : node.end_mark.index]


def _replace(text: str, path: Sequence[str | int], value: str) -> str:
    """The text with another value at a path that must be there."""
    node = _find(text, path)
    if node is None:
        raise _changed("an entity's YAML", f"there is no {'.'.join(map(str, path))}")
    start, end = node.start_mark.index, _end(text, node)
    return text[:start] + value + text[end:]


def _remove(text: str, path: Sequence[str | int]) -> str:
    """The text without a block entry and the comment lines right above it; unchanged where there is none."""
    pair = _pair(text, path)
    if pair is None:
        return text
    start = _comments_above(text, text.rfind("\n", 0, pair[0].start_mark.index) + 1)
    end = text.find("\n", _end(text, pair[1])) + 1 or len(text)
    return text[:start] + text[end:]


def _with_comment(text: str, key: str, comment: str) -> str:
    """The text with one comment line above a key of the file, in place of those that stand there."""
    pair = _pair(text, (key,))
    if pair is None:
        raise _changed("an entity's YAML", f"there is no {key}")
    start = text.rfind("\n", 0, pair[0].start_mark.index) + 1
    return f"{text[: _comments_above(text, start)]}# {comment}\n{text[start:]}"


def _comments_above(text: str, start: int) -> int:
    """Where the comment lines begin that stand right above a line; the line itself where there are none."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _end(text: str, node: yaml.Node) -> int:
    """Where a value's own text ends: a block's mark stands after the blank and comment lines that follow it."""
    start, end = node.start_mark.index, node.end_mark.index
    lines = text[start:end].rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return start + len("\n".join(lines).rstrip())


def _changed(file: str, what: str) -> ConfigError:
    return ConfigError(
        f"the sample's {file} cannot be adapted: {what}",
        remedy="install dq-pipeline again; if you changed the sample, adapt `dq_pipeline.proposing.templates`",
    )
