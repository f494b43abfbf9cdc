-- One row is what one column of one source looked like in one night, this one and those that anomalies are judged by.
with ranked as (
    select
        profile_before.*,
        dense_rank() over (order by run_date desc) as nights_ago
    from scored.profile_before
    where run_date < run_date()
)
select
    run_id, -- the run
    run_date, -- its date
    source, -- the source
    column_name, -- the column of its contract; '' is the source as a whole
    rows, -- rows that were delivered, for the source; rows that were validated, for a column
    nulls, -- of these, rows without a value
    distinct_values, -- about how many different values there are
    age_days, -- of the source: days from its newest row to the run's date; null where it declares no freshness
    binned_by, -- how the values are counted: value, size, age or length; null for keys
    bins -- bin -> rows; sizes, ages in days and lengths are in half powers of two
from ranked
where nights_ago <= (select max(nights) from scored.kept_nights)
union all
select
    run_id() as run_id,
    run_date() as run_date,
    source,
    column_name,
    rows,
    nulls,
    distinct_values,
    age_days,
    binned_by,
    bins
from scored.profile
