"""What is proposed for one source, and the questions that may be asked about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dq_pipeline.config import Column
from dq_pipeline.proposing.mapping import Choice
from dq_pipeline.proposing.profiles import Profile
from dq_pipeline.proposing.reading import Extract


@dataclass(frozen=True)
class Question:
    """Something that only the asker knows: answered by one of `options`; `default` is what --yes takes."""

    text: str
    options: tuple[str, ...]
    default: str


Ask = Callable[[Question], str]


@dataclass(frozen=True)
class SourceProposal:
    """What `dq init` proposes for one source.

    `choices` says of each column which field it is, `key` which columns name a row, `repeated` how many rows have no
    key or one that another row has. `kind` is person, organization or None where each row is looked at; `kinds` turns
    the values of a column into those words. `country` stands where a row states none, `day_first` is how dates of
    birth are written, `types` the contract's columns.
    """

    extract: Extract
    entity: str
    profiles: Mapping[str, Profile]
    choices: Mapping[str, Choice]
    key: tuple[str, ...]
    repeated: int = 0
    kind: str | None = None
    kinds: Mapping[str, str] | None = None
    country: str | None = None
    day_first: bool = False
    types: Mapping[str, Column] | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.extract.wanted.name

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """Field -> its columns: the best one first, then those that stand in where it is blank."""
        found: dict[str, tuple[str, ...]] = {}
        for choice in sorted(self.choices.values(), key=lambda one: one.stands_in):
            if choice.field:
                found[choice.field] = (*found.get(choice.field, ()), choice.column)
        return found

    def has(self, field: str) -> bool:
        """Whether a column gives the field and has a value in some row."""
        return any(not self.profiles[column].is_blank for column in self.fields.get(field, ()))

    def decisions(self) -> list[str]:
        """What was decided beside the columns, a line each."""
        lines = [f"key: {', '.join(self.key)}"]
        if self.entity == "customer":
            told = f"as {self.fields['customer_type'][0]} says" if self.kinds else self.kind or "as each name looks"
            lines.append(f"person or organization: {told}")
        if self.country:
            lines.append(f"country where a row states none: {self.country}")
        if self.day_first:
            lines.append("dates: the day before the month")
        if self.extract.unparsed:
            lines.append(f"{self.extract.unparsed:,} lines cannot be read; they will be kept aside")
        return [*lines, *self.notes]
