-- one row is an event with its cause and the link that shows it
with counted as (
    select
        events.entity,
        events.event,
        events.master_id,
        events.into_master_id,
        events.records,
        events.kept_out,
        coalesce(giver.added, 0) + coalesce(taker.added, 0) as added,
        coalesce(giver.removed, 0) + coalesce(taker.removed, 0) as removed,
        coalesce(giver.changed, 0) + coalesce(taker.changed, 0) as changed,
        models.entity is not null as is_new_model
    from diffed.events
    left join diffed.tallies as giver
        on giver.entity = events.entity
        and giver.master_id = events.master_id
    left join diffed.tallies as taker
        on taker.entity = events.entity
        and taker.master_id = events.into_master_id
    left join diffed.models
        on models.entity = events.entity
)
select
    counted.entity,
    counted.event,
    counted.master_id,
    counted.into_master_id,
    counted.records,
    case
        when counted.event = 'created' then 'record_added'
        when counted.event = 'retired' and counted.kept_out > 0 then 'record_quarantined'
        when counted.event = 'retired' then 'record_removed'
        when evidence.judged = 1 then 'judgement'
        when evidence.is_direct and evidence.is_changed then 'record_changed'
        when not coalesce(evidence.is_direct, false) and counted.event = 'split' and counted.removed > 0 then 'record_removed'
        when not coalesce(evidence.is_direct, false) and counted.event <> 'split' and counted.added > 0 then 'record_added'
        when rules.rule is not null and evidence.other_decision <> 'merge' then 'rule'
        when counted.is_new_model then 'model'
        when counted.changed > 0 then 'record_changed'
        when counted.added > 0 then 'record_added'
        when counted.removed > 0 then 'record_removed'
        else 'settings'
    end as cause,
    counted.added,
    counted.removed,
    counted.changed,
    evidence.record_id_l,
    evidence.record_id_r,
    evidence.reason,
    evidence.match_weight,
    evidence.other_weight,
    evidence.other_decision
from counted
left join diffed.evidence
    on evidence.entity = counted.entity
    and evidence.master_id = counted.master_id
    and evidence.into_master_id = counted.into_master_id
left join diffed.rules
    on rules.entity = counted.entity
    and rules.rule = evidence.reason
