-- one row is an event with the one link that speaks most for it: what joined the two sides, or what held them before
with sides as (
    select
        entity,
        before_l as master_id,
        after_l as into_master_id,
        before_l is not null and before_r is not null and after_l is not null and after_r is not null as is_direct,
        is_later,
        judged,
        is_changed,
        record_id_l,
        record_id_r,
        reason,
        match_weight,
        other_weight,
        other_decision
    from diffed.links
    union all
    select
        entity,
        before_r as master_id,
        after_r as into_master_id,
        before_l is not null and before_r is not null and after_l is not null and after_r is not null as is_direct,
        is_later,
        judged,
        is_changed,
        record_id_l,
        record_id_r,
        reason,
        match_weight,
        other_weight,
        other_decision
    from diffed.links
),
ranked as (
    select
        events.entity,
        events.event,
        events.master_id,
        events.into_master_id,
        sides.is_direct,
        sides.judged,
        sides.is_changed,
        sides.record_id_l,
        sides.record_id_r,
        sides.reason,
        sides.match_weight,
        sides.other_weight,
        sides.other_decision,
        row_number() over (
            partition by events.entity, events.master_id, events.into_master_id
            order by
                sides.judged desc,
                cast(sides.is_direct as integer) desc,
                coalesce(sides.match_weight, 20) desc,
                sides.record_id_l,
                sides.record_id_r
        ) as choice
    from diffed.events
    join sides
        on sides.entity = events.entity
        and sides.master_id = events.master_id
        and sides.into_master_id = events.into_master_id
        and case
            when events.event = 'split' then not sides.is_later
            when events.event = 'merged' then sides.is_later
            else true
        end
)
select
    entity,
    event,
    master_id,
    into_master_id,
    is_direct,
    judged,
    is_changed,
    record_id_l,
    record_id_r,
    reason,
    match_weight,
    other_weight,
    other_decision
from ranked
where choice = 1
