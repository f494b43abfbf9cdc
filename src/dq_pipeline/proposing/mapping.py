"""Which column is which field: headers first, values to confirm or deny them, values alone where no header tells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dq_pipeline.proposing.fields import Field, fields_of, words
from dq_pipeline.proposing.headers import header_rank, header_scores, words_of
from dq_pipeline.proposing.profiles import Profile

SURE, TAKEN = 0.7, 0.5
# Values that the header denies count half; a header without values counts whole.
_DENIED = 0.5
_GUESSED_FROM = 0.7
_MEASURES = {
    "email": "look like e-mails", "at": "hold an @", "phone": "look like phones", "marked_phone": "look like phones",
    "date": "look like dates", "birth": "look like dates of birth", "zip": "look like ZIPs",
    "postal": "look like postal codes", "state": "are US states", "country": "are countries",
    "street": "look like street lines", "given": "are given names", "named": "begin with a given name",
    "organization": "look like organizations", "alphabetic": "are words", "words": "have several words", "few": "",
    "kind": "say person or organization", "number": "are numbers", "short": "are short",
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What one column is taken for: a field or none, how sure that is (0 to 1), and why.

    `stands_in`: the column gives the field where the first one is blank.
    """

    column: str
    field: str | None
    confidence: float
    why: str
    stands_in: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether nobody need be asked."""
        return self.field is None or self.confidence >= SURE


def map_columns(
    headers: Mapping[str, str], profiles: Mapping[str, Profile], entity: str, kept: Iterable[str] = ()
) -> dict[str, Choice]:
    """The choice for each column, at most one column a field but where a field takes several. `kept` are keys."""
    fields = fields_of(entity)
    places = {name: place for place, name in enumerate(headers)}
    offers: list[tuple[float, int, int, Choice]] = []
    for column, header in headers.items():
        if column in kept:
            continue
        for name, score in header_scores(header, entity).items():
            choice = _by_header(column, fields[name], score, profiles[column])
            offers.append((-choice.confidence, header_rank(header, fields[name]), places[column], choice))
    chosen: dict[str, Choice] = {}
    taken: dict[str, str] = {}
    for _, _, _, choice in sorted(offers, key=lambda offer: offer[:3]):
        assert choice.field is not None
        if choice.column in chosen or choice.confidence < TAKEN:
            continue
        if choice.field not in taken:
            taken[choice.field] = choice.column
            chosen[choice.column] = choice
        elif fields[choice.field].several and choice.is_sure:
            first = headers[taken[choice.field]]
            chosen[choice.column] = replace(choice, why=f"where {first} is blank", stands_in=True)
    # A header that speaks of a key, a date or a count names something else, whatever its values look like.
    untold = [
        name for name, header in headers.items() if name not in chosen and not words().other & {*words_of(header)}
    ]
    for choice in _guesses(set(untold) - set(kept), places, profiles, fields):
        is_part = choice.field == "first_name" and "full_name" in taken
        if choice.field and choice.field not in taken and choice.column not in chosen and not is_part:
            taken[choice.field] = choice.column
            chosen[choice.column] = choice
    _name_in_parts(chosen, taken, profiles)
    return {column: chosen.get(column, Choice(column, None, 1.0, "")) for column in headers}


def _name_in_parts(chosen: dict[str, Choice], taken: dict[str, str], profiles: Mapping[str, Profile]) -> None:
    """`name` beside `surname` is a first name; `nombre` without any `apellido` is the whole name."""
    whole, first = taken.get("full_name"), taken.get("first_name")
    if whole and not first and "last_name" in taken and profiles[whole].share("words") < 0.3:
        chosen[whole] = replace(chosen[whole], field="first_name", why=f"{chosen[whole].why}; beside a last name")
    elif first and not whole and "last_name" not in taken and profiles[first].share("words") >= 0.6:
        chosen[first] = replace(chosen[first], field="full_name", why=f"{chosen[first].why}; of several words")


def _by_header(column: str, field: Field, score: float, profile: Profile) -> Choice:
    if profile.is_blank:
        return Choice(column, field.name, score, "header; no value yet")
    if not field.looks:
        return Choice(column, field.name, score, "header")
    best = max(field.looks, key=profile.share)
    share = profile.share(best)
    said = f"{share:.0%} {_MEASURES[best]}" if _MEASURES[best] else f"{profile.distinct} different values"
    if share < field.least:
        return Choice(column, field.name, 0.0 if field.strict else score * _DENIED, f"header, but only {said}")
    # Values that could be nothing else make up for a header that is only half plain.
    sure = score + 0.15 if field.guess and profile.share(field.guess) >= _GUESSED_FROM else score
    return Choice(column, field.name, min(1.0, sure), f"header; {said}")


def _guesses(
    columns: Iterable[str], places: Mapping[str, int], profiles: Mapping[str, Profile], fields: Mapping[str, Field]
) -> list[Choice]:
    """Choices by values alone, the surest first."""
    offers = []
    for column in columns:
        profile = profiles[column]
        for field in fields.values():
            share = profile.share(field.guess) if field.guess and profile.filled_share >= 0.05 else 0.0
            if share >= _GUESSED_FROM:
                why = f"values; {share:.0%} {_MEASURES[field.guess]}"
                offers.append((-field.guessed * share, places[column], Choice(column, field.name, field.guessed, why)))
    return [choice for _, _, choice in sorted(offers, key=lambda offer: offer[:2])]
