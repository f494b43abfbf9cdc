-- One row is the number of an account that a customer has, or of a record of theirs that the sources no longer hold.
select
    'account' as kind,
    reverse(std_key(regexp_replace(known.record_id, '^[^:]*:', ''))) as key,
    coalesce(redirects.last_id, known.master_id) as customer_id,
    known.record_id || case when known.is_live then '' else ', gone since ' || cast(known.last_seen as varchar) end as shown,
    cast(null as varchar) as compared,
    cast(null as varchar) as beside
from mastered.known_records as known
left join mastered.customer_records as records
    on records.record_id = known.record_id
left join mastered.redirects
    on redirects.entity = known.entity
    and redirects.master_id = known.master_id
where known.entity = 'customer'
    and (records.role = 'account' or not known.is_live)
