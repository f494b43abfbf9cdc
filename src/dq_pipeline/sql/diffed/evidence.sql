-- one row is an event with the one link that speaks most for it: what joined the two sides, or what held them before
with sides as (
    select
        links.entity,
        case when ends.is_left then links.before_l else links.before_r end as master_id,
        case when ends.is_left then links.after_l else links.after_r end as into_master_id,
        links.before_l is not null
        and links.before_r is not null
        and links.after_l is not null
        and links.after_r is not null as is_direct,
        links.is_later,
        links.judged,
        links.is_changed,
        links.record_id_l,
        links.record_id_r,
        links.reason,
        links.match_weight,
        links.other_weight,
        links.other_decision
    from diffed.links as links
    cross join (values (true), (false)) as ends(is_left)
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
