"""An entity: the sources that feed it, how its records are linked, and which value wins each golden field."""

from typing import Literal

from pydantic import Field, model_validator

from dq_pipeline.config.base import Frozen, Identifier, Share

SurvivorshipRule = Literal["most_recent", "most_trusted", "most_frequent", "longest", "oldest"]


# SQL expressions over the columns of one record; two records share the key when all are equal and none is null.
Key = tuple[str, ...]


# What stands as match_reason where no rule spoke; a rule of that name could not be told from it.
RESERVED_REASONS = frozenset({"model", "same_profile", "judgement", "single"})


class Level(Frozen):
    """One level of a comparison: a Splink SQL condition on columns `x_l` and `x_r`.

    `term_frequency` names the column whose frequencies weigh this level: to agree on a rare value says more.
    """

    sql: str
    label: str
    term_frequency: str | None = None


class Comparison(Frozen):
    """One comparison as in Splink. The null level comes first (any of `columns` missing) and `else` last by themselves.

    Levels are written from the strongest agreement to the weakest. `term_frequency` names the column whose
    frequencies weigh the first level. `strong` marks what is more than a name, and counts for the shield. `counted_by`
    marks an identifier and names columns: its weight falls only where
    a value has several of their values beside it (one buyer's forty orders make no e-mail address common, a family
    does). `null_sql` replaces the condition of the null level. `disagree_at_most` is the largest share of true
    matches that training may believe to disagree outright (the `else` level).
    """

    name: Identifier
    columns: tuple[str, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    term_frequency: str | None = None
    counted_by: tuple[str, ...] = ()
    null_sql: str | None = None
    disagree_at_most: float = Field(default=0.3, gt=0, lt=1)
    strong: bool = False

    def frequencies(self) -> tuple[str | None, ...]:
        """The column whose frequencies weigh each level, or None."""
        first = self.levels[0].term_frequency or self.term_frequency
        return (first, *(level.term_frequency for level in self.levels[1:]))


class Conflict(Frozen):
    """A hard conflict on columns `x_l` and `x_r`: where it is true the pair is never merged, whatever its weight.

    Nor are two groups of records of which any pair is in conflict. `tolerance` allows for slips of the pen: two
    groups may still be one while no larger share of the pairs between them conflicts, of the pairs of distinct records
    for which `when` (an SQL condition on one record) holds. `records` is how many distinct records each of the two
    groups must have for the conflict to count: where one record of many may be mistyped, two that agree are no slip.
    A steward sees the pairs that a conflict keeps apart, unless `review` is false: flats of one house are no question.
    """

    name: Identifier
    sql: str
    tolerance: float = Field(default=0, ge=0, lt=1)
    when: str | None = None
    records: int = Field(default=1, ge=1)
    review: bool = True

    @model_validator(mode="after")
    def _counted(self) -> "Conflict":
        if self.tolerance and not self.when:
            raise ValueError(f"conflict {self.name}: a tolerance needs `when`, the records that it counts")
        return self


class Rule(Frozen):
    """Records that are one without any weighing: those with the same `key`, or for which `sql` holds.

    `sql` is a condition on records l and r; it is a join, so an equality in it must be selective (an order and the
    account that it names). Where many records share a value, `key` is the cheap way to say so. Where two rules pull a
    record to two records that must not be one, the rule that is declared first decides.
    """

    name: Identifier
    sql: str | None = None
    key: Key = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> "Rule":
        if bool(self.sql) == bool(self.key):
            raise ValueError(f"rule {self.name}: give either `sql` or `key`")
        return self


class Related(Frozen):
    """Pairs that are not the same but have much in common, e.g. a household: a class of its own in the model.

    `shares` says for a comparison how often such pairs agree as matches do (1 = as often); in all others they are as
    strangers. `most` is how many such relatives a record has on average at most: where namesakes in one town are many,
    they would pass for a household otherwise.
    """

    name: Identifier
    shares: dict[str, Share] = Field(min_length=1)
    most: float | None = Field(default=None, gt=0)


class Shield(Frozen):
    """What a merge needs beside names: the least `odds` that the strong comparisons of some pair give together.

    Without them a pair for which `rare` (an SQL condition) holds still merges from `rare_probability` on.
    """

    odds: float = Field(ge=1)
    rare: str | None = None
    rare_probability: Share = 0.9


class Confusable(Frozen):
    """Two of an entity that share `key` but are not one are easily mistaken for each other: the steward sees them."""

    name: Identifier
    key: Key = Field(min_length=1)


class Thresholds(Frozen):
    """Match probabilities: from `merge` on pairs are merged, from `review` on they go to the steward."""

    merge: Share = 0.5
    review: Share = 0.25

    @model_validator(mode="after")
    def _in_order(self) -> "Thresholds":
        if self.review > self.merge:
            raise ValueError("thresholds.review must not be above thresholds.merge")
        return self


class Training(Frozen):
    """How the model is trained: `prior_rules` find hardly any false pair, and `recall` of all true ones.

    More than `max_records` records are sampled. A sample holds the same share of matches among its pairs.

    `judgement_weight` says for how many pairs a judged one stands, where a model learns from judgements.
    """

    prior_rules: tuple[Key, ...] = Field(min_length=1)
    recall: float = Field(default=0.7, gt=0, le=1)
    max_pairs: int = Field(default=1_000_000, ge=10_000)
    max_records: int = Field(default=60_000, ge=1_000)
    seed: int = 42
    judgement_weight: float = Field(default=5, gt=0, le=100)


class Evidence(Frozen):
    """The cluster of an entity that was resolved before, as a column of this entity's records.

    `when` is an SQL condition on that entity's record: where it does not hold (an address without a street), the
    cluster is of one record that says nothing, and the column stays null; so it does everywhere where no entity is
    named, in a project that does not resolve it.
    """

    entity: Identifier | None = None
    column: Identifier
    when: str | None = None


class Linkage(Frozen):
    """How records of an entity are linked.

    `blocking` says which pairs are compared at all: those that share one of the keys, where no more than `max_block`
    records hold it, and along its rarest keys until a record has about `max_pairs_per_record` pairs, or the table
    `free_pairs`; all pairs where there are no more than `compare_all_pairs`. `shield` says
    what a merge needs beside names. `prior_by` names a column (the system that a record came from): how often a
    pair matches is learned for each two of its values, because one system holds duplicates and another does not.
    No cluster of more than `max_cluster_size` distinct records is made.
    """

    deterministic: tuple[Rule, ...] = ()
    blocking: tuple[Key, ...] = Field(min_length=1)
    max_block: int = Field(default=250, ge=2)
    max_pairs_per_record: int = Field(default=40, ge=1)
    free_pairs: int = Field(default=10_000_000, ge=0)
    compare_all_pairs: int = Field(default=600_000, ge=0)
    prior_by: str | None = None
    shield: Shield | None = None
    comparisons: tuple[Comparison, ...] = Field(min_length=2)
    related: tuple[Related, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    confusable: tuple[Confusable, ...] = ()
    training: Training
    thresholds: Thresholds = Thresholds()
    max_cluster_size: int = Field(default=200, ge=2)

    @model_validator(mode="after")
    def _known_comparisons(self) -> "Linkage":
        names = [comparison.name for comparison in self.comparisons]
        if len(set(names)) < len(names):
            raise ValueError("comparisons: each needs a name of its own")
        rules = [rule.name for rule in self.deterministic]
        if len(set(rules)) < len(rules) or set(rules) & RESERVED_REASONS:
            raise ValueError(
                f"deterministic: each needs a name of its own, none of {', '.join(sorted(RESERVED_REASONS))}"
            )
        frequencies = [column for one in self.comparisons for column in {*one.frequencies()} - {None}]
        if len(set(frequencies)) < len(frequencies):
            raise ValueError("comparisons: two have the same term_frequency; one value's weight would count twice")
        for related in self.related:
            unknown = sorted(set(related.shares) - set(names))
            if unknown:
                raise ValueError(f"related.{related.name}.shares: no comparison is named {', '.join(unknown)}")
        return self


class Parser(Frozen):
    """A column of the conformed records that is parsed, distinct values only, before the entity's own SELECT."""

    kind: Literal["us_address"]
    column: str = "address_text"


class GoldenField(Frozen):
    """One field of the golden record: the standardized columns it copies together, and which record's value wins.

    `columns` are taken from one and the same record (an address line never mixes with another's city);
    `valid` is an SQL condition: records for which it is true come first.
    """

    name: Identifier
    columns: tuple[str, ...] = ()
    rule: SurvivorshipRule = "most_recent"
    valid: str | None = None
    title: str = ""

    def taken(self) -> tuple[str, ...]:
        """The columns this field copies; its own name where none are declared."""
        return self.columns or (self.name,)


class Golden(Frozen):
    """Survivorship of an entity: trust order of the sources, the column that dates a record, and the fields."""

    trust: tuple[Identifier, ...] = ()
    dated_by: str = "updated_at"
    fields: tuple[GoldenField, ...] = Field(min_length=1)


class Entity(Frozen):
    """The kind of thing resolved.

    `columns` names text columns of the conformed records that the entity's SELECT reads and a source may leave out.
    `unique_in` names the sources that should hold each of them once: a second record there is a duplicate.
    `personal` names standardized columns that are masked wherever a person reads them outside the database.
    """

    name: Identifier
    title: str
    id_prefix: str = Field(pattern=r"^[A-Z]{2,5}$")
    sources: tuple[Identifier, ...] = Field(min_length=1)
    columns: tuple[Identifier, ...] = ()
    parser: Parser | None = None
    evidence: tuple[Evidence, ...] = ()
    linkage: Linkage
    golden: Golden
    unique_in: tuple[Identifier, ...] = ()
    personal: tuple[str, ...] = ()

    @property
    def id_column(self) -> str:
        """The name of this entity's master id in every table, e.g. `customer_id`."""
        return f"{self.name}_id"
