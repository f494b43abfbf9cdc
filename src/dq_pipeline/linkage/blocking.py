"""Which pairs of profiles are compared at all: those that share a blocking key that not too many hold."""

from collections.abc import Iterable

from dq_pipeline.config.entity import Entity, Key
from dq_pipeline.warehouse import Warehouse, literal

# What stands for a rule's number where no rule spoke: a small table is compared whole, clusters' pairs are completed.
ALL_PAIRS = -2
COMPLETION = -1


def candidates_select(entity: Entity, rules: Iterable[tuple[int, Key]]) -> str:
    """A SELECT of the pairs (l, r, rule) of profile numbers, l < r, that share a key; each pair once, lowest rule.

    Keys that more than `max_block` profiles hold are skipped: they say nothing of a person (a shop's own e-mail, the
    commonest name). Each profile is compared along its rarest keys first, whatever their rules, until it has about
    `max_pairs_per_record` pairs; a small table may have `free_pairs` in all. So neither a rule nor a value can make the
    night explode. A pair is kept that one of its two profiles asks for. Nothing depends on row order.
    """
    linkage = entity.linkage
    rows = f"linked.{entity.name}_profile_rows"
    keys = "\nunion all\n".join(_keys_of_rule(rows, number, key) for number, key in rules)
    limit = f"greatest({linkage.max_pairs_per_record}, {linkage.free_pairs} / (select count(*) from {rows}))"
    return f"""with keys as (
{keys}
),
sizes as (
select
    rule,
    key,
    count(*) as profiles
from keys
group by rule, key
having count(*) between 2 and {linkage.max_block}
),
ranked as (
select
    keys.rule,
    keys.key,
    keys.profile_no,
    sum(sizes.profiles - 1) over (
        partition by keys.profile_no order by sizes.profiles, keys.rule
        rows between unbounded preceding and current row
    ) as pairs
from keys
inner join sizes
    on keys.rule = sizes.rule
    and keys.key = sizes.key
),
asking as (
select
    rule,
    key,
    profile_no
from ranked
where pairs <= {limit}
)
select
    least(asking.profile_no, asked.profile_no) as l,
    greatest(asking.profile_no, asked.profile_no) as r,
    min(asking.rule) as rule
from asking
inner join ranked as asked
    on asking.rule = asked.rule
    and asking.key = asked.key
    and asking.profile_no <> asked.profile_no
group by l, r"""


def _keys_of_rule(rows: str, number: int, key: Key) -> str:
    parts = " || chr(31) || ".join(f"cast(({expression}) as varchar)" for expression in key)
    return f"""select
    {number} as rule,
    md5({parts}) as key,
    profile_no
from {rows}
where {" and ".join(f"({expression}) is not null" for expression in key)}"""


def build_candidates(warehouse: Warehouse, entity: Entity) -> int:
    """Build linked.<entity>_candidates from all blocking rules; returns its number of pairs."""
    rows = f"linked.{entity.name}_profile_rows"
    profiles = warehouse.count(rows)
    if profiles * (profiles - 1) // 2 <= entity.linkage.compare_all_pairs:
        select = f"""select
    l.profile_no as l,
    r.profile_no as r,
    {ALL_PAIRS} as rule
from {rows} as l
inner join {rows} as r
    on l.profile_no < r.profile_no"""
    else:
        select = candidates_select(entity, enumerate(entity.linkage.blocking))
    return warehouse.build(f"linked.{entity.name}_candidates", select)


def build_blocking_report(warehouse: Warehouse, entity: Entity) -> None:
    """Build linked.<entity>_blocking: one row is one blocking rule and the pairs that it was the first to find."""
    names = ",\n".join(f"({number}, {literal(', '.join(key))})" for number, key in enumerate(entity.linkage.blocking))
    warehouse.build(
        f"linked.{entity.name}_blocking",
        f"""select
    rules.rule,
    rules.key,
    count(candidates.l) as pairs
from (values {names}) as rules(rule, key)
left join linked.{entity.name}_candidates as candidates
    on rules.rule = candidates.rule
group by rules.rule, rules.key
order by rules.rule""",
    )


def count_agreeing(warehouse: Warehouse, entity: Entity) -> int:
    """How many pairs of profiles agree on one of the training's prior rules."""
    rules = enumerate(entity.linkage.training.prior_rules)
    return int(warehouse.value(f"select count(*) from ({candidates_select(entity, rules)}) as pairs"))


def random_pairs_select(entity: Entity, profiles: int) -> str:
    """A SELECT of about `training.max_pairs` random pairs (l, r), l < r; the same ones whatever the row order.

    Profiles are put in an order that the seed draws; each is paired with the next so many in it, as on a circle.
    """
    training = entity.linkage.training
    steps = max(1, min(-(-training.max_pairs // profiles), (profiles - 1) // 2))
    starts = max(1, training.max_pairs // steps)
    return f"""with drawn as (
select
    profile_no,
    row_number() over (order by md5('{training.seed}:' || profile_id), profile_no) - 1 as place
from linked.{entity.name}_profile_rows
),
reached as (
select
    profile_no,
    (place + unnest(generate_series(1, {steps}))) % {profiles} as place
from drawn
where place < {starts}
)
select distinct
    least(reached.profile_no, drawn.profile_no) as l,
    greatest(reached.profile_no, drawn.profile_no) as r
from reached
inner join drawn
    on reached.place = drawn.place
where reached.profile_no <> drawn.profile_no"""
