"""What `dq lookup` finds by, and the card that it shows: SELECTs of the project, published as an index and cards."""

from pydantic import Field, model_validator

from dq_pipeline.config.base import Frozen, Identifier


class LookupKind(Frozen):
    """One kind of key: how it is called, and how much a hit counts against one of another kind, 0 to 1.

    Of a kind with `is_name`, customers of one name are told as namesakes, and where nothing is found, keys that are
    spelled nearly alike are tried.
    """

    title: str
    weight: float = Field(default=1.0, gt=0, le=1)
    is_name: bool = False


class Lookup(Frozen):
    """How masters of one entity are looked up.

    `sql/lookup/<key>.sql` for each of `keys` returns kind, key, the master's id, shown, compared and beside.
    `sql/lookup/<asked>.sql` returns kind, key and compared of the text in `lookup.asked`, and may read the project's
    lookup tables. `sql/lookup/<card>.sql` returns one row a master: its id, name, brief, and what the card shows.
    """

    entity: Identifier
    keys: tuple[Identifier, ...] = Field(min_length=1)
    asked: Identifier = "asked"
    card: Identifier = "card"
    kinds: dict[Identifier, LookupKind] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_once(self) -> "Lookup":
        if len(set(self.keys)) < len(self.keys):
            raise ValueError("keys: a name is written twice")
        return self
