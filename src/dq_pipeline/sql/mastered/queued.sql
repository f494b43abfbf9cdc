-- one row is two masters, or a judged pair, that a steward shall look at: the pair of records that shows it best
with pairs as (
    select
        entity,
        record_id_l,
        record_id_r,
        match_weight,
        match_probability,
        reason,
        2 as rank
    from linked.all_review
    union all
    select
        entity,
        record_id_l,
        record_id_r,
        cast(null as double) as match_weight,
        cast(null as double) as match_probability,
        'confusable:' || kind as reason,
        3 as rank
    from linked.all_confusable
    union all
    select
        entity,
        record_id_l,
        record_id_r,
        cast(null as double) as match_weight,
        cast(null as double) as match_probability,
        case when status = 'reopened' then 'reopened:' || changed else status end as reason,
        1 as rank
    from linked.all_judgements
    where status in ('reopened', 'contradicted')
),
mastered_pairs as (
    select
        pairs.*,
        l.master_id as master_id_l,
        r.master_id as master_id_r,
        case
            when pairs.rank = 1 then pairs.record_id_l || ' ' || pairs.record_id_r
            else least(l.master_id, r.master_id) || ' ' || greatest(l.master_id, r.master_id)
        end as question
    from pairs
    join mastered.xref as l
        on l.entity = pairs.entity
        and l.record_id = pairs.record_id_l
    join mastered.xref as r
        on r.entity = pairs.entity
        and r.record_id = pairs.record_id_r
),
-- One answer settles all records of two masters.
apart as (
    select distinct
        judged.entity,
        least(l.master_id, r.master_id) || ' ' || greatest(l.master_id, r.master_id) as question
    from linked.all_judgements as judged
    join mastered.xref as l
        on l.entity = judged.entity
        and l.record_id = judged.record_id_l
    join mastered.xref as r
        on r.entity = judged.entity
        and r.record_id = judged.record_id_r
    where judged.judgement = 'different'
        and judged.status in ('applied', 'reopened', 'contradicted')
),
ranked as (
    select
        mastered_pairs.*,
        row_number() over (
            partition by mastered_pairs.entity, mastered_pairs.question
            order by
                mastered_pairs.rank,
                mastered_pairs.match_probability desc nulls last,
                mastered_pairs.match_weight desc nulls last,
                mastered_pairs.record_id_l,
                mastered_pairs.record_id_r
        ) as choice
    from mastered_pairs
    left join apart
        on apart.entity = mastered_pairs.entity
        and apart.question = mastered_pairs.question
    where mastered_pairs.rank = 1
        or (mastered_pairs.master_id_l <> mastered_pairs.master_id_r and apart.question is null)
)
select
    ranked.entity,
    ranked.record_id_l,
    ranked.record_id_r,
    ranked.master_id_l,
    ranked.master_id_r,
    ranked.match_weight,
    ranked.match_probability,
    ranked.reason,
    round(
        coalesce(l.value, 0) + coalesce(case when ranked.master_id_l <> ranked.master_id_r then r.value end, 0),
        2
    ) as value,
    list_sort(
        list_distinct(
            list_concat(coalesce(l.open_order_ids, []), coalesce(r.open_order_ids, []))
        )
    ) as open_order_ids
from ranked
left join mastered.at_stake as l
    on l.entity = ranked.entity
    and l.master_id = ranked.master_id_l
left join mastered.at_stake as r
    on r.entity = ranked.entity
    and r.master_id = ranked.master_id_r
where ranked.choice = 1
    and (ranked.rank < 3 or l.open_order_ids is not null or r.open_order_ids is not null)
