-- one row is a night before this one that tonight's figures of a source are held against
with before as (
    select distinct
        source,
        run_date
    from scored.profile_history
    where run_date < run_date()
        and column_name = ''
),
counted as (
    select
        source,
        count(*) as nights,
        sum(case when dayofweek(run_date) = dayofweek(run_date()) then 1 else 0 end) as weekday_nights
    from before
    group by source
)
select
    before.source,
    before.run_date,
    counted.weekday_nights >= settings.weekday_nights as is_by_weekday
from before
join counted
    on counted.source = before.source
cross join scored.anomaly_settings as settings
where counted.nights >= settings.least_nights
    and (
        counted.weekday_nights < settings.weekday_nights
        or dayofweek(before.run_date) = dayofweek(run_date())
    )
