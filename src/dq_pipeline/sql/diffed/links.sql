-- one row is a link or a judgement between two records that one night has in one master and the other night has not
with said as (
    select
        entity,
        record_id_l,
        record_id_r,
        match_reason as reason,
        match_weight,
        true as is_later,
        0 as judged
    from later.identity.edges
    where decision = 'merge'
    union all
    select
        entity,
        record_id_l,
        record_id_r,
        match_reason as reason,
        match_weight,
        false as is_later,
        0 as judged
    from earlier.identity.edges
    where decision = 'merge'
    union all
    select
        entity,
        record_id_l,
        record_id_r,
        'judged ' || judgement || case when is_new then '' else ', no longer' end as reason,
        cast(null as double) as match_weight,
        (judgement = 'same') = is_new as is_later,
        1 as judged
    from diffed.judged
),
other_night as (
    select
        entity,
        record_id_l,
        record_id_r,
        match_weight,
        decision,
        false as is_later
    from later.identity.edges
    union all
    select
        entity,
        record_id_l,
        record_id_r,
        match_weight,
        decision,
        true as is_later
    from earlier.identity.edges
),
placed as (
    select
        said.entity,
        said.record_id_l,
        said.record_id_r,
        said.reason,
        said.match_weight,
        said.is_later,
        said.judged,
        l.master_before as before_l,
        l.master_after as after_l,
        r.master_before as before_r,
        r.master_after as after_r,
        l.is_changed or r.is_changed as is_changed
    from said
    join diffed.records as l
        on l.entity = said.entity
        and l.record_id = said.record_id_l
    join diffed.records as r
        on r.entity = said.entity
        and r.record_id = said.record_id_r
    where case
        when said.is_later then l.master_after = r.master_after and l.master_before is distinct from r.master_before
        else l.master_before = r.master_before and l.master_after is distinct from r.master_after
    end
)
select
    placed.entity,
    placed.record_id_l,
    placed.record_id_r,
    placed.reason,
    placed.match_weight,
    placed.is_later,
    placed.judged,
    placed.before_l,
    placed.after_l,
    placed.before_r,
    placed.after_r,
    placed.is_changed,
    other_night.match_weight as other_weight,
    coalesce(other_night.decision, 'not compared or too weak') as other_decision
from placed
left join other_night
    on other_night.entity = placed.entity
    and other_night.record_id_l = placed.record_id_l
    and other_night.record_id_r = placed.record_id_r
    and other_night.is_later = placed.is_later
