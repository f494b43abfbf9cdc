-- one row is an account of a person who has parcels for themselves sent to another place since the CRM last changed it
select
    word.account_key as key,
    word.account_record_id as record_id,
    word.customer_id as master_id,
    word.order_id,
    'order ' || word.order_id || ' goes to ' || said.address_id || ', the account says ' || account.address_id
        || '; the golden record takes its place from ' || coalesce(word.golden_record_id, 'no record') as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    word.since
from mastered.customer_last_word as word
join mastered.customer_records as account
    on account.record_id = word.account_record_id
join mastered.customer_records as said
    on said.record_id = word.record_id
join standardized.address as home
    on home.record_id = word.account_record_id
join standardized.address as goes
    on goes.record_id = word.record_id
where word.field = 'address_id'
    and not word.is_known
    -- A slip of the pen or a unit that one of them leaves out is no other place; a blank is none at all.
    and coalesce(home.street_key, home.po_box) is not null
    and coalesce(goes.street_key, goes.po_box) is not null
    and (
        home.number <> goes.number
        or home.unit_key <> goes.unit_key
        or home.postal_code5 <> goes.postal_code5
        or std_similarity(home.street_key, goes.street_key) < 0.8
    )
