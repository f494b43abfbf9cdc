-- One row is one customer with an account or an order: whether no two systems or touchpoints contradict each other about them.
with contradicted as (
    select distinct issue_rows.master_id as customer_id
    from scored.issue_rows
    join lookup.contradictions
        on contradictions.code = issue_rows.code
    where issue_rows.entity = 'customer'
)
select
    customer.customer_id,
    contradicted.customer_id is null as met
from mastered.customer
left join contradicted
    on contradicted.customer_id = customer.customer_id
where customer.accounts > 0
    or customer.is_buyer
