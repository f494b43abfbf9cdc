-- one row is one figure of tonight that is outside what is usual for it, whatever its cause
with usual as (
    select
        kind,
        source,
        column_name,
        count(*) as nights,
        median(value) as middle
    from scored.figures
    where run_date < run_date()
    group by
        kind,
        source,
        column_name
),
spreads as (
    select
        figures.kind,
        figures.source,
        figures.column_name,
        -- A robust standard deviation: the median distance from the median, times 1.4826.
        1.4826 * median(abs(figures.value - usual.middle)) as spread
    from scored.figures
    join usual
        on usual.kind = figures.kind
        and usual.source = figures.source
        and usual.column_name = figures.column_name
    where figures.run_date < run_date()
    group by
        figures.kind,
        figures.source,
        figures.column_name
),
allowed as (
    select
        figures.kind,
        figures.source,
        figures.column_name,
        figures.value,
        figures.rows,
        usual.nights,
        usual.middle,
        greatest(
            settings.deviations * spreads.spread,
            case figures.kind
                when 'volume' then greatest(settings.deviations * sqrt(usual.middle), settings.volume_change * usual.middle, settings.least_rows)
                when 'distinct_count' then greatest(settings.deviations * sqrt(usual.middle), settings.distinct_change * usual.middle, settings.least_rows)
                when 'freshness' then settings.freshness_days
                when 'null_rate' then greatest(
                    settings.deviations * sqrt((usual.middle * figures.rows + 1) / (figures.rows + 2) * (1 - (usual.middle * figures.rows + 1) / (figures.rows + 2)) / figures.rows),
                    settings.null_rate_change,
                    settings.least_rows / figures.rows
                )
                else greatest(settings.distribution_index - usual.middle, figures.chance)
            end
        ) as room
    from scored.figures
    join usual
        on usual.kind = figures.kind
        and usual.source = figures.source
        and usual.column_name = figures.column_name
    join spreads
        on spreads.kind = figures.kind
        and spreads.source = figures.source
        and spreads.column_name = figures.column_name
    cross join scored.anomaly_settings as settings
    where figures.run_date = run_date()
        and usual.nights >= settings.least_nights
)
select
    allowed.kind,
    allowed.source,
    allowed.column_name,
    allowed.value as observed,
    allowed.middle as expected,
    -- Of nulls, age and distance only more is an alarm.
    case when allowed.kind in ('volume', 'distinct_count') then greatest(allowed.middle - allowed.room, 0) else 0 end as low,
    allowed.middle + allowed.room as high,
    abs(allowed.value - allowed.middle) / allowed.room as times,
    allowed.rows,
    allowed.nights
from allowed
left join scored.ignored_columns as ignored
    on ignored.name = allowed.source
    or ignored.name = allowed.source || '.' || allowed.column_name
where ignored.name is null
    and (
        allowed.value > allowed.middle + allowed.room
        or (allowed.kind in ('volume', 'distinct_count') and allowed.value < allowed.middle - allowed.room)
    )
