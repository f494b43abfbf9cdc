-- One row is one order and one way in which it failed; an order that did not fail has one row without a failure.
with pieces as (
    select
        order_id,
        sum(ordered) as ordered,
        sum(received) as received
    from mastered.order_line_service
    group by order_id
),
known as (
    select
        service.order_id,
        service.customer_id,
        service.touchpoint,
        service.order_total as value,
        coalesce(service.perfect, false) as is_perfect,
        service.on_time,
        service.in_full,
        service.documents_right,
        service.labels_right,
        service.undamaged,
        service.oversold,
        coalesce(pieces.ordered, 0) as ordered,
        coalesce(pieces.received, 0) as received
    from mastered.order_service as service
    left join pieces
        on pieces.order_id = service.order_id
),
failed as (
    select
        order_id,
        'late' as failure
    from known
    where not on_time
    union all
    select
        order_id,
        case
            when received = 0 then 'missing'
            when received < ordered then 'short'
            else 'wrong'
        end as failure
    from known
    where not in_full
    union all
    select
        order_id,
        'wrong' as failure
    from known
    where not documents_right
        and coalesce(labels_right, true)
    union all
    select
        order_id,
        'misdelivered' as failure
    from known
    where not labels_right
    union all
    select
        order_id,
        'damaged' as failure
    from known
    where not undamaged
    union all
    select
        order_id,
        'oversold' as failure
    from known
    where oversold
),
told as (
    select distinct
        order_id,
        failure
    from failed
)
select
    known.order_id, -- the order: orders.order_id
    told.failure, -- late, short, wrong, missing, oversold, damaged or misdelivered; null where none is known
    known.is_perfect, -- whether it is known to be perfect
    known.customer_id, -- who bought: customer.customer_id
    known.touchpoint, -- where it was ordered
    known.value -- the sum charged
from known
left join told
    on told.order_id = known.order_id
