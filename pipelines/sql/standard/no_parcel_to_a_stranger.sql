-- One row is one customer with an account or an order: whether no parcel of theirs is about to go to somebody else; unknown where buyer or place is.
with risky as (
    select
        customer_id,
        max(case when misdelivery_risk then 1 else 0 end) as at_risk,
        max(case when misdelivery_risk is null then 1 else 0 end) as unknown
    from mastered.order_service
    where status in ('open', 'shipped')
        and in_full is distinct from true
    group by customer_id
)
select
    customer.customer_id,
    case
        when risky.at_risk = 1 then false
        when risky.unknown = 1 then null
        else true
    end as met
from mastered.customer
left join risky
    on risky.customer_id = customer.customer_id
where customer.accounts > 0
    or customer.is_buyer
