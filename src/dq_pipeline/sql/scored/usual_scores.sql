-- one row is what one score was in the nights before: the last one, the median, and how far the nights are from it
with before as (
    select
        trend.*,
        dense_rank() over (order by run_date desc) as nights_ago
    from scored.trend_before as trend
    where run_date < run_date()
        and cut is not null
),
recent as (
    select before.*
    from before
    cross join scored.score_settings as settings
    where before.nights_ago <= settings.nights
),
middles as (
    select
        cut,
        dimension,
        source,
        entity,
        touchpoint,
        owner,
        count(distinct run_date) as nights,
        median(score) as usual,
        median(case when nights_ago = 1 then score end) as last_score
    from recent
    group by
        cut,
        dimension,
        source,
        entity,
        touchpoint,
        owner
)
select
    middles.cut,
    middles.dimension,
    middles.source,
    middles.entity,
    middles.touchpoint,
    middles.owner,
    middles.nights,
    middles.usual,
    middles.last_score,
    1.4826 * median(abs(recent.score - middles.usual)) as spread
from middles
join recent
    on recent.cut = middles.cut
    and recent.dimension = middles.dimension
    and recent.source = middles.source
    and recent.entity = middles.entity
    and recent.touchpoint = middles.touchpoint
    and recent.owner = middles.owner
group by
    middles.cut,
    middles.dimension,
    middles.source,
    middles.entity,
    middles.touchpoint,
    middles.owner,
    middles.nights,
    middles.usual,
    middles.last_score
