-- One row is one order and one way in which it failed, with what is known of the cause.
with traced as (
    select
        order_id,
        failure,
        count(distinct code) as defects
    from scored.attribution
    group by
        order_id,
        failure
)
select
    outcomes.order_id, -- the order
    outcomes.failure, -- how it failed: one of the failures that the project declares
    outcomes.customer_id, -- who bought
    outcomes.touchpoint, -- where the customer met the company
    outcomes.value, -- the sum charged
    kinds.cost, -- what such a failure costs, as declared
    coalesce(traced.defects, 0) as defects -- to how many defects it is traced: attribution
from scored.order_outcomes as outcomes
left join scored.failure_kinds as kinds
    on kinds.failure = outcomes.failure
left join traced
    on traced.order_id = outcomes.order_id
    and traced.failure = outcomes.failure
where outcomes.failure is not null
