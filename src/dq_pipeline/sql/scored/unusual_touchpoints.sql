-- one row is a touchpoint that is new in a source tonight, or that has gone silent there
with nights as (
    select
        source,
        min(run_date) as first_night,
        count(distinct run_date) as nights
    from scored.compared_nights
    group by source
),
known as (
    select distinct
        source,
        column_name,
        touchpoint
    from scored.touchpoint_history
    where run_date < run_date()
),
before as (
    select
        known.source,
        known.column_name,
        known.touchpoint,
        compared.run_date,
        -- A night in which a touchpoint had no row counts as none, not as no night.
        coalesce(history.rows, 0) as rows,
        history.age_days
    from known
    join scored.compared_nights as compared
        on compared.source = known.source
    left join scored.touchpoint_history as history
        on history.source = known.source
        and history.touchpoint = known.touchpoint
        and history.run_date = compared.run_date
),
usual as (
    select
        source,
        column_name,
        touchpoint,
        median(rows) as rows,
        median(age_days) as age_days
    from before
    group by
        source,
        column_name,
        touchpoint
),
spreads as (
    select
        before.source,
        before.touchpoint,
        1.4826 * median(abs(before.age_days - usual.age_days)) as spread
    from before
    join usual
        on usual.source = before.source
        and usual.touchpoint = before.touchpoint
    group by
        before.source,
        before.touchpoint
),
tonight as (
    select
        source,
        column_name,
        touchpoint,
        rows,
        age_days
    from scored.touchpoint_history
    where run_date = run_date()
),
silent as (
    select
        usual.source,
        usual.column_name,
        usual.touchpoint,
        coalesce(tonight.rows, 0) as rows,
        tonight.age_days,
        usual.rows as usual_rows,
        usual.age_days as usual_age,
        usual.age_days + greatest(settings.deviations * coalesce(spreads.spread, 0), settings.silent_days) as longest
    from usual
    join spreads
        on spreads.source = usual.source
        and spreads.touchpoint = usual.touchpoint
    cross join scored.anomaly_settings as settings
    left join tonight
        on tonight.source = usual.source
        and tonight.touchpoint = usual.touchpoint
    where usual.rows >= greatest(settings.new_touchpoint_rows, settings.deviations * settings.deviations)
)
select
    'touchpoint_new' as kind,
    tonight.source,
    tonight.column_name,
    tonight.touchpoint,
    cast(tonight.rows as double) as observed,
    cast(0 as double) as expected,
    cast(0 as double) as low,
    cast(settings.new_touchpoint_rows - 1 as double) as high,
    nights.nights
from tonight
join nights
    on nights.source = tonight.source
cross join scored.anomaly_settings as settings
left join known
    on known.source = tonight.source
    and known.touchpoint = tonight.touchpoint
where known.touchpoint is null
    and tonight.rows >= settings.new_touchpoint_rows
union all
select
    'touchpoint_silent' as kind,
    silent.source,
    silent.column_name,
    silent.touchpoint,
    cast(case when silent.rows = 0 then 0 else silent.age_days end as double) as observed,
    cast(case when silent.rows = 0 then silent.usual_rows else silent.usual_age end as double) as expected,
    cast(case when silent.rows = 0 then 1 else 0 end as double) as low,
    cast(case when silent.rows = 0 then silent.usual_rows else silent.longest end as double) as high,
    nights.nights
from silent
join nights
    on nights.source = silent.source
where silent.rows = 0
    or silent.age_days > silent.longest
