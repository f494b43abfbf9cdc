-- One row is a pair of records that a steward shall decide: two masters, shown by the pair that says most about them.
with judged_unsure as (
    select distinct
        entity,
        record_id_l,
        record_id_r
    from linked.all_judgements
    where status = 'unsure'
),
doubted as (
    select
        queued.*,
        array_length(queued.open_order_ids) as open_orders,
        queued.reason = 'contradicted' or starts_with(queued.reason, 'reopened:') as is_asked_again,
        case
            when queued.reason = 'contradicted' then 1.0
            when starts_with(queued.reason, 'reopened:') then 1.0
            when queued.reason = 'unsure' then 0.05
            when starts_with(queued.reason, 'confusable:') then 0.1
            when starts_with(queued.reason, 'conflict:') then 0.2
            else 0.5
        end as least_doubt,
        coalesce(4 * queued.match_probability * (1 - queued.match_probability), 0.0) as doubt,
        case when judged_unsure.record_id_l is null then 1.0 else 0.25 end as patience
    from mastered.queued
    left join judged_unsure
        on judged_unsure.entity = queued.entity
        and judged_unsure.record_id_l = queued.record_id_l
        and judged_unsure.record_id_r = queued.record_id_r
),
weighed as (
    select
        doubted.*,
        round(greatest(least_doubt, doubt) * patience, 6) as uncertainty
    from doubted
),
valued as (
    select
        weighed.*,
        round(uncertainty * (1 + open_orders) * (1 + ln(1 + greatest(value, 0))), 6) as worth
    from weighed
)
select
    entity, -- the kind of thing
    row_number() over (
        partition by entity
        order by is_asked_again desc, worth desc, record_id_l, record_id_r
    ) as priority, -- 1 is the first to look at: what is asked again, then what is most worth a minute
    record_id_l, -- the record with the smaller id
    record_id_r, -- the other record
    master_id_l, -- the master that the first belongs to now
    master_id_r, -- the master that the other belongs to now; the same where a judgement that joined them is asked again
    match_weight, -- log2 of the odds that both mean one thing; null where no model was asked
    match_probability, -- the same as a probability, 0 to 1
    reason, -- why a person is asked: unsure, conflict:<name>, confusable:<kind>, reopened:<columns>, contradicted, ...
    is_asked_again, -- whether it was judged before, and the judgements contradict each other or a record changed since
    uncertainty, -- 0 to 1: 4 p (1 - p), at least 0.05, or what the reason gives; a quarter where a steward was unsure
    value, -- what both are worth, as the project's SELECT `stake` counts it
    open_orders, -- orders of both that are still open
    open_order_ids, -- which
    worth -- uncertainty * (1 + open orders) * (1 + ln(1 + value))
from valued
