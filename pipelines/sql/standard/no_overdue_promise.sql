-- One row is one customer with an account or an order: whether no order of theirs is past its promise and not there; unknown where one has no day, or is not known whole.
with waiting as (
    select
        customer_id,
        max(case when is_overdue then 1 else 0 end) as overdue,
        max(case when is_overdue is null then 1 else 0 end) as unknown
    from mastered.order_service
    where status in ('open', 'shipped')
        and in_full is distinct from true
    group by customer_id
)
select
    customer.customer_id,
    case
        when waiting.overdue = 1 then false
        when waiting.unknown = 1 then null
        else true
    end as met
from mastered.customer
left join waiting
    on waiting.customer_id = customer.customer_id
where customer.accounts > 0
    or customer.is_buyer
