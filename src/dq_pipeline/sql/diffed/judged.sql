-- one row is a judgement in force in one of the two nights and not in the other
with earlier_judged as (
    select
        entity,
        record_id_l,
        record_id_r,
        judgement
    from earlier.identity.judgements
    where status in ('applied', 'reopened')
        and judgement <> 'unsure'
),
later_judged as (
    select
        entity,
        record_id_l,
        record_id_r,
        judgement
    from later.identity.judgements
    where status in ('applied', 'reopened')
        and judgement <> 'unsure'
)
select
    coalesce(earlier_judged.entity, later_judged.entity) as entity,
    coalesce(earlier_judged.record_id_l, later_judged.record_id_l) as record_id_l,
    coalesce(earlier_judged.record_id_r, later_judged.record_id_r) as record_id_r,
    coalesce(earlier_judged.judgement, later_judged.judgement) as judgement,
    earlier_judged.entity is null as is_new
from earlier_judged
full join later_judged
    on later_judged.entity = earlier_judged.entity
    and later_judged.record_id_l = earlier_judged.record_id_l
    and later_judged.record_id_r = earlier_judged.record_id_r
    and later_judged.judgement = earlier_judged.judgement
where earlier_judged.entity is null
    or later_judged.entity is null
