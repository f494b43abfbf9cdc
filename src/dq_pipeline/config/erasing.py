"""What is known of people in the extracts, and what stays of their rows when one is erased."""

from pydantic import Field, model_validator

from dq_pipeline.config.base import Frozen, Identifier


class Person(Frozen):
    """One person that a row of a source speaks of: the columns that say who it is, and those that say more of them.

    `account` holds the number of an account of the source `account_of` (of this source where that is left out). All
    named columns are blanked when the person is erased and the row stays; `also` are those that identify nobody.
    """

    account: str | None = None
    account_of: Identifier | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: str | None = None
    line: str | None = None
    postal_code: str | None = None
    also: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_recognized(self) -> "Person":
        if self.account is None and self.name is None:
            raise ValueError("a person is recognized by an account or a name: name at least one of the two columns")
        if (self.line is None) != (self.postal_code is None):
            raise ValueError("a place is recognized by `line` and `postal_code` together")
        return self

    def columns(self) -> tuple[str, ...]:
        """Every column that is the person's, in the order of the fields."""
        named = (self.account, self.name, self.email, self.phone, self.birth_date, self.line, self.postal_code)
        return tuple(dict.fromkeys(column for column in (*named, *self.also) if column is not None))


class Erasure(Frozen):
    """What `dq erase` leaves in the published files.

    `entity` is the entity whose masters are people. `kept` names published tables whose rows stay, for the totals, with
    the columns of them that are blanked where a row is the person's; rows of all other tables go.
    """

    entity: Identifier = "customer"
    kept: dict[str, tuple[str, ...]] = Field(default_factory=dict)
