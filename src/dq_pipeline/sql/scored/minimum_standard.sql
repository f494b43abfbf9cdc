-- One row is one condition that every member must be granted whatever the tier, and how many are.
with counted as (
    select
        condition,
        sum(case when met then 1 else 0 end) as met,
        sum(case when not met then 1 else 0 end) as unmet,
        sum(case when met is null then 1 else 0 end) as unknown
    from scored.held
    group by condition
)
select
    declared.condition, -- the condition: its SELECT is in sql/standard
    declared.title, -- what every member must be granted, in a sentence
    declared.owner, -- the department that answers for it
    coalesce(cast(counted.met as bigint), 0) as met, -- members for whom it holds
    coalesce(cast(counted.unmet as bigint), 0) as unmet, -- members for whom it does not: quality.standard_rows lists them
    coalesce(cast(counted.unknown as bigint), 0) as unknown, -- members for whom it cannot be known
    round(cast(counted.met as double) / nullif(counted.met + counted.unmet, 0), 6) as rate, -- met as a share of what is known
    declared.remedy, -- what to do for those for whom it does not hold
    declared.place -- its place in the project file
from scored.declared_conditions as declared
left join counted
    on counted.condition = declared.condition
