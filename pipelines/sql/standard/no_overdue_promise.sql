-- One row is one customer with an account or an order: whether no order of theirs is past its promise and not there; unknown where an open one has none.
with waiting as (
    select
        customer_id,
        max(case when not on_time then 1 else 0 end) as overdue,
        max(case when promised_at is null then 1 else 0 end) as without_promise
    from mastered.order_service
    where status in ('open', 'shipped')
        and in_full is distinct from true
    group by customer_id
)
select
    customer.customer_id,
    case
        when waiting.overdue = 1 then false
        when waiting.without_promise = 1 then null
        else true
    end as met
from mastered.customer
left join waiting
    on waiting.customer_id = customer.customer_id
where customer.accounts > 0
    or customer.is_buyer
