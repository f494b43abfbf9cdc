-- One row is one touchpoint in the rows of one source in one night, this one and those before.
with ranked as (
    select
        touchpoints_before.*,
        dense_rank() over (order by run_date desc) as nights_ago
    from scored.touchpoints_before
    where run_date < run_date()
)
select
    run_id, -- the run
    run_date, -- its date
    source, -- the source
    column_name, -- its column that says so; '' where the whole source is of one touchpoint
    touchpoint, -- where the customer met the company, as the source writes it
    rows, -- rows that were delivered
    age_days -- days from its newest row to the run's date; null where the source declares no freshness
from ranked
where nights_ago <= (select max(nights) from scored.kept_nights)
union all
select
    run_id() as run_id,
    run_date() as run_date,
    source,
    column_name,
    touchpoint,
    rows,
    age_days
from scored.touchpoint_profile
