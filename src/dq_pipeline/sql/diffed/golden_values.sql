-- one row is a golden value that is another one now, with the records that it came from and the cause
select
    changed.entity,
    changed.master_id,
    changed.field,
    changed.column_name,
    changed.is_date_of_record,
    changed.value_before,
    changed.value_after,
    before.record_id as record_before,
    after.record_id as record_after,
    before.rule as rule_before,
    after.rule as rule_after,
    case
        when before.rule <> after.rule then 'rule'
        when won.record_id is not null and won.master_before is null then 'record_added'
        when won.master_before <> changed.master_id then 'members'
        when lost.record_id is not null and lost.master_after is null then 'record_removed'
        when lost.master_after <> changed.master_id then 'members'
        when won.is_changed or lost.is_changed then 'record_changed'
        when changed.is_evidence and before.record_id = after.record_id then 'evidence'
        when tallies.met > 0 then 'members'
        when tallies.changed > 0 then 'record_changed'
        when tallies.added > 0 then 'record_added'
        when tallies.removed > 0 then 'record_removed'
        else 'settings'
    end as cause
from diffed.changed_values as changed
left join earlier.identity.provenance as before
    on before.entity = changed.entity
    and before.master_id = changed.master_id
    and before.field = changed.field
left join later.identity.provenance as after
    on after.entity = changed.entity
    and after.master_id = changed.master_id
    and after.field = changed.field
left join diffed.records as won
    on won.entity = changed.entity
    and won.record_id = after.record_id
left join diffed.records as lost
    on lost.entity = changed.entity
    and lost.record_id = before.record_id
left join diffed.tallies
    on tallies.entity = changed.entity
    and tallies.master_id = changed.master_id
