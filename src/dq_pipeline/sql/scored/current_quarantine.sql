-- One row is a record that is kept out tonight, with all the reasons why.
select
    source, -- the source
    record_id, -- the record: source and key
    min(source_key) as source_key, -- the key as the source delivered it; null where it is missing
    min(owner) as owner, -- the department that answers for it; of several the first by name
    list_sort(list(distinct code)) as codes, -- the short names of what is wrong
    list_sort(list(distinct reason)) as reasons, -- what is wrong, in sentences
    min(since) as since, -- the date since which the oldest of them fails without a break
    max(age_days) as age_days, -- days from since to tonight
    min(raw) as raw -- the row as it was when it failed, as JSON
from scored.quarantine
where status = 'open'
group by
    source,
    record_id
