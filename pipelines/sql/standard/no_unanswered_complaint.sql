-- One row is one customer with an account or an order: whether every complaint of theirs was answered, by its own contact or by a later one about a complaint.
with complaints as (
    select
        interactions.customer_id,
        interactions.occurred_at,
        open_outcomes.outcome is not null or interactions.outcome is null as is_open
    from mastered.interactions
    join lookup.complaint_reasons
        on complaint_reasons.reason = interactions.reason
    left join lookup.open_outcomes
        on open_outcomes.outcome = interactions.outcome
    where interactions.customer_id is not null
),
last_answered as (
    select
        customer_id,
        max(case when not is_open then occurred_at end) as answered_at,
        max(case when is_open then occurred_at end) as open_at
    from complaints
    group by customer_id
)
select
    customer.customer_id,
    case
        when last_answered.open_at is null then true
        else coalesce(last_answered.answered_at > last_answered.open_at, false)
    end as met
from mastered.customer
left join last_answered
    on last_answered.customer_id = customer.customer_id
where customer.accounts > 0
    or customer.is_buyer
