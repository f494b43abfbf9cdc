-- One row is one score: of a dimension, or of all, for the whole project or for one source, entity, touchpoint or owner.
with judged as (
    select
        parts.cut,
        parts.dimension,
        parts.source,
        parts.entity,
        parts.touchpoint,
        parts.owner,
        parts.passed,
        parts.failed,
        parts.score,
        parts.weight,
        case when parts.cut = 'overall' then settings.overall_target else targets.target end as target,
        usual.last_score,
        usual.usual,
        coalesce(usual.nights, 0) as nights,
        coalesce(usual.nights, 0) >= settings.least_nights as is_known,
        greatest(
            settings.deviations * usual.spread,
            settings.least_change,
            -- What chance makes of so few checks.
            settings.deviations
            * sqrt(
                (usual.usual * (parts.passed + parts.failed) + 1)
                * ((1 - usual.usual) * (parts.passed + parts.failed) + 1)
            )
            / power(parts.passed + parts.failed + 2, 1.5)
        ) as room
    from scored.score_parts as parts
    cross join scored.score_settings as settings
    left join scored.score_targets as targets
        on targets.cut = parts.cut
        and targets.dimension = parts.dimension
        and targets.source = parts.source
        and targets.entity = parts.entity
        and targets.touchpoint = parts.touchpoint
        and targets.owner = parts.owner
    left join scored.usual_scores as usual
        on usual.cut = parts.cut
        and usual.dimension = parts.dimension
        and usual.source = parts.source
        and usual.entity = parts.entity
        and usual.touchpoint = parts.touchpoint
        and usual.owner = parts.owner
)
select
    run_id() as run_id, -- the run
    cut, -- overall, dimension, source, entity, touchpoint, owner; part is the finest: all of these at once
    dimension, -- completeness, validity, uniqueness, consistency, timeliness or accuracy; 'all' is their weighted mean
    source, -- the source, or 'all'
    entity, -- the kind of master the score is about, or 'all'
    touchpoint, -- where the customer meets what was checked, or 'all'
    owner, -- the department that answers for what was checked, or 'all'
    cast(passed as bigint) as passed, -- checks that passed, counted row by row
    cast(failed as bigint) as failed, -- checks that failed
    round(score, 6) as score, -- the share of checks that passed, weighed by source, 0 to 1
    target, -- what the project wants it to be; null where it names none
    case
        when target is null then 'no target'
        when score >= target then 'met'
        else 'missed'
    end as status, -- met, missed, or no target
    weight, -- what the dimension weighs in the overall score; of 'all', the sum
    round(score - last_score, 6) as change, -- against the night before; null where there was none
    round(usual, 6) as usual, -- the median of the recent nights
    cast(nights as integer) as nights, -- how many recent nights there are
    case
        when not is_known then 'unknown'
        when score < usual - room then 'worse'
        when score > usual + room then 'better'
        else 'steady'
    end as movement -- worse, better or steady against the recent nights; unknown where they are too few
from judged
