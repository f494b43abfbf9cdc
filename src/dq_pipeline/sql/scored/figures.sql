-- one row is one figure of a source or column in one night, tonight or one that tonight is held against
with nights as (
    select
        history.source,
        history.column_name,
        history.run_date,
        history.rows,
        history.nulls,
        history.distinct_values,
        history.age_days
    from scored.profile_history as history
    left join scored.compared_nights as compared
        on compared.source = history.source
        and compared.run_date = history.run_date
    where compared.run_date is not null
        or history.run_date = run_date()
)
select
    'volume' as kind,
    source,
    column_name,
    run_date,
    cast(rows as double) as value,
    rows,
    cast(0 as double) as chance
from nights
where column_name = ''
union all
select
    'freshness' as kind,
    source,
    column_name,
    run_date,
    cast(age_days as double) as value,
    rows,
    cast(0 as double) as chance
from nights
where column_name = ''
    and age_days is not null
union all
select
    'null_rate' as kind,
    source,
    column_name,
    run_date,
    cast(nulls as double) / rows as value,
    rows,
    cast(0 as double) as chance
from nights
where column_name <> ''
    and rows > 0
union all
select
    'distinct_count' as kind,
    source,
    column_name,
    run_date,
    cast(distinct_values as double) as value,
    rows,
    cast(0 as double) as chance
from nights
where column_name <> ''
    and rows > 0
union all
select
    'distribution' as kind,
    distributions.source,
    distributions.column_name,
    distributions.run_date,
    distributions.index as value,
    nights.rows - nights.nulls as rows,
    distributions.chance
from scored.distributions
join nights
    on nights.source = distributions.source
    and nights.column_name = distributions.column_name
    and nights.run_date = distributions.run_date
