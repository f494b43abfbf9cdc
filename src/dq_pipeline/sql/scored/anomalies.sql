-- One row is one thing about a source that is unlike its own history; what follows from the same cause is left out.
with volume as (
    select source
    from scored.unusual
    where kind = 'volume'
),
stale as (
    select source
    from scored.unusual
    where kind = 'freshness'
),
emptied as (
    select
        source,
        column_name
    from scored.unusual
    where kind = 'null_rate'
),
reshaped as (
    select
        source,
        column_name
    from scored.unusual
    where kind = 'distribution'
),
touched as (
    select distinct
        source,
        column_name
    from scored.unusual_touchpoints
),
apart as (
    select
        unusual.kind,
        unusual.source,
        unusual.column_name,
        unusual.observed,
        unusual.expected,
        unusual.low,
        unusual.high,
        unusual.times,
        unusual.nights,
        (unusual.observed - unusual.expected) * unusual.rows as more_rows
    from scored.unusual
    left join volume
        on volume.source = unusual.source
    left join stale
        on stale.source = unusual.source
    left join emptied
        on emptied.source = unusual.source
        and emptied.column_name = unusual.column_name
    left join reshaped
        on reshaped.source = unusual.source
        and reshaped.column_name = unusual.column_name
    left join touched
        on touched.source = unusual.source
        and touched.column_name = unusual.column_name
    left join scored.profile
        on profile.source = unusual.source
        and profile.column_name = unusual.column_name
    -- A source that is short, or stale, says all that follows from it; so does a column that is empty.
    where (unusual.kind = 'volume' or volume.source is null)
        and (unusual.kind not in ('distribution', 'distinct_count') or emptied.source is null)
        and (unusual.kind not in ('distribution', 'distinct_count') or touched.source is null)
        and (unusual.kind <> 'distinct_count' or reshaped.source is null)
        and (unusual.kind <> 'distribution' or stale.source is null or profile.binned_by <> 'age')
),
stepped as (
    select
        apart.*,
        -- Columns that lost about as many values as each other lost them in the same rows.
        case
            when kind <> 'null_rate' then 0
            when more_rows >= 0.8 * lag(more_rows) over (partition by kind, source order by more_rows desc, column_name) then 0
            else 1
        end as is_step
    from apart
),
grouped as (
    select
        stepped.*,
        sum(is_step) over (partition by kind, source order by more_rows desc, column_name rows unbounded preceding) as cause
    from stepped
),
ranked as (
    select
        grouped.*,
        row_number() over (partition by kind, source, case when kind = 'null_rate' then cause end order by times desc, column_name) as place,
        count(*) over (partition by kind, source, case when kind = 'null_rate' then cause end) - 1 as others
    from grouped
),
alarms as (
    select
        kind,
        source,
        column_name,
        cast(null as varchar) as touchpoint,
        observed,
        expected,
        low,
        high,
        nights,
        case when times >= 2 then 'critical' else 'warning' end as severity,
        case kind
            when 'volume' then cast(cast(observed as bigint) as varchar) || ' rows; ' || cast(cast(ceil(low) as bigint) as varchar) || ' to ' || cast(cast(floor(high) as bigint) as varchar)
            when 'freshness' then 'the newest row is ' || cast(cast(observed as bigint) as varchar) || ' days old; up to ' || cast(cast(floor(high) as bigint) as varchar)
            when 'null_rate' then cast(round(100 * observed, 1) as varchar) || ' % of ' || column_name || ' is empty; up to ' || cast(round(100 * high, 1) as varchar) || ' %'
            when 'distinct_count' then column_name || ' has about ' || cast(cast(observed as bigint) as varchar) || ' different values; ' || cast(cast(ceil(low) as bigint) as varchar) || ' to ' || cast(cast(floor(high) as bigint) as varchar)
            else 'the values of ' || column_name || ' are spread otherwise, index ' || cast(round(observed, 2) as varchar) || '; up to ' || cast(round(high, 2) as varchar)
        end || case
            when kind in ('volume', 'distinct_count') then ' are usual'
            else ' is usual'
        end || case
            when others > 0 then '; so are ' || cast(others as varchar) || ' more columns'
            else ''
        end as message
    from ranked
    where place = 1
    union all
    select
        touched.kind,
        touched.source,
        touched.column_name,
        touched.touchpoint,
        touched.observed,
        touched.expected,
        touched.low,
        touched.high,
        touched.nights,
        'warning' as severity,
        case
            when touched.kind = 'touchpoint_new' then 'a touchpoint that was never seen before, with ' || cast(cast(touched.observed as bigint) as varchar) || ' rows'
            when touched.low > 0 then 'not one row, where ' || cast(cast(touched.expected as bigint) as varchar) || ' are usual'
            else 'nothing for ' || cast(cast(touched.observed as bigint) as varchar) || ' days, where up to ' || cast(cast(floor(touched.high) as bigint) as varchar) || ' are usual'
        end || ': ' || touched.touchpoint as message
    from scored.unusual_touchpoints as touched
    left join volume
        on volume.source = touched.source
    left join stale
        on stale.source = touched.source
    left join scored.ignored_columns as ignored
        on ignored.name = touched.source
        or ignored.name = touched.source || '.' || touched.column_name
    where ignored.name is null
        and (touched.kind = 'touchpoint_new' or (volume.source is null and stale.source is null))
)
select
    alarms.kind, -- volume, null_rate, distinct_count, distribution, freshness, touchpoint_new or touchpoint_silent
    alarms.source, -- the source
    alarms.column_name, -- the column that shows it most; '' where it is the source as a whole
    alarms.touchpoint, -- the touchpoint that is new or silent, else null
    sources.owner, -- the department that answers for the source
    round(alarms.observed, 6) as observed, -- tonight's figure: rows, share, values, index or days
    round(alarms.expected, 6) as expected, -- the usual one: the median of the nights it was held against
    round(alarms.low, 6) as low, -- the least that is usual
    round(alarms.high, 6) as high, -- the most that is usual
    cast(alarms.nights as integer) as nights, -- how many nights it was held against
    alarms.severity, -- critical where it is more than twice as far off as is usual, else warning
    coalesce(before.since, run_date()) as since, -- the first night of this alarm without a break
    alarms.message -- what is unusual, in a sentence
from alarms
left join scored.profiled_sources as sources
    on sources.source = alarms.source
left join scored.anomalies_before as before
    on before.kind = alarms.kind
    and before.source = alarms.source
    and before.column_name = alarms.column_name
    and before.touchpoint is not distinct from alarms.touchpoint
