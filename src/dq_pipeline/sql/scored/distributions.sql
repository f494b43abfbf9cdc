-- one row is how far one night's distribution of a column is from the usual one: its population stability index
with nights as (
    select
        history.source,
        history.column_name,
        history.run_date,
        history.rows - history.nulls as filled
    from scored.profile_history as history
    join (
        select
            source,
            column_name,
            binned_by
        from scored.profile
        where binned_by is not null
    ) as tonight
        on tonight.source = history.source
        and tonight.column_name = history.column_name
        and tonight.binned_by = history.binned_by
    left join scored.compared_nights as compared
        on compared.source = history.source
        and compared.run_date = history.run_date
    where history.rows > history.nulls
        and (compared.run_date is not null or history.run_date = run_date())
),
seen as (
    select distinct
        source,
        column_name,
        bin
    from scored.profile_bins
),
shares as (
    select
        nights.source,
        nights.column_name,
        nights.run_date,
        nights.filled,
        seen.bin,
        coalesce(bins.rows, 0) / nights.filled as share
    from nights
    join seen
        on seen.source = nights.source
        and seen.column_name = nights.column_name
    left join scored.profile_bins as bins
        on bins.source = nights.source
        and bins.column_name = nights.column_name
        and bins.run_date = nights.run_date
        and bins.bin = seen.bin
),
usual as (
    select
        source,
        column_name,
        bin,
        median(share) as share,
        median(filled) as filled
    from shares
    where run_date < run_date()
    group by
        source,
        column_name,
        bin
)
select
    shares.source,
    shares.column_name,
    shares.run_date,
    -- A bin that one side has never seen would weigh without bound: half a row is the least that it has.
    round(
        sum(
            (shares.share - usual.share)
            * ln(greatest(shares.share, 0.5 / shares.filled) / greatest(usual.share, 0.5 / usual.filled))
        ),
        6
    ) as index,
    -- What chance alone makes of so few rows.
    round(
        3 * sum(case when shares.share + usual.share > 0 then 1 else 0 end)
        * (1 / min(shares.filled) + 1 / min(usual.filled)),
        6
    ) as chance
from shares
join usual
    on usual.source = shares.source
    and usual.column_name = shares.column_name
    and usual.bin = shares.bin
group by
    shares.source,
    shares.column_name,
    shares.run_date
