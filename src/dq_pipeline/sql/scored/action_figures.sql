-- one row is one defect of tonight with all that its rank is made of
with customers as (
    select
        code,
        master_id as customer_id
    from scored.issue_rows
    where entity = 'customer'
        and master_id is not null
    union
    select
        attribution.code,
        outcomes.customer_id
    from scored.attribution
    join scored.order_outcomes as outcomes
        on outcomes.order_id = attribution.order_id
        and outcomes.failure = attribution.failure
    where outcomes.customer_id is not null
),
weighed_customers as (
    select
        customers.code,
        count(*) as customers,
        sum(coalesce(weights.weight, 1)) as weight
    from customers
    left join scored.customer_tiers as tiers
        on tiers.customer_id = customers.customer_id
    left join scored.tier_weights as weights
        on weights.tier = tiers.tier
    group by customers.code
),
orders as (
    select
        code,
        order_id,
        max(customer_id) as customer_id
    from (
        select
            code,
            order_id,
            case when entity = 'customer' then master_id end as customer_id
        from scored.issue_rows
        where order_id is not null
        union all
        select
            attribution.code,
            attribution.order_id,
            outcomes.customer_id
        from scored.attribution
        join scored.order_outcomes as outcomes
            on outcomes.order_id = attribution.order_id
            and outcomes.failure = attribution.failure
    ) as touched
    group by
        code,
        order_id
),
weighed_orders as (
    select
        orders.code,
        count(*) as orders,
        sum(coalesce(weights.weight, 1)) as weight
    from orders
    left join scored.customer_tiers as tiers
        on tiers.customer_id = orders.customer_id
    left join scored.tier_weights as weights
        on weights.tier = tiers.tier
    group by orders.code
),
failed as (
    select
        caused.code,
        count(distinct caused.order_id) as orders,
        sum(coalesce(kinds.cost, 0)) as cost
    from (
        select distinct
            code,
            order_id,
            failure
        from scored.attribution
    ) as caused
    left join scored.failure_kinds as kinds
        on kinds.failure = caused.failure
    group by caused.code
),
foreseen as (
    select
        code,
        count(*) as orders
    from scored.action_orders
    where run_date = run_date()
    group by code
)
select
    issues.code,
    issues.rows,
    coalesce(weighed_customers.customers, 0) as customers,
    coalesce(weighed_orders.orders, 0) as orders,
    coalesce(failed.orders, 0) as failed_orders,
    greatest(issues.value_at_risk, 0) + coalesce(failed.cost, 0) as money_at_risk,
    settings.start_minutes + issues.rows * issues.effort_minutes as effort_minutes,
    settings.customer_weight * coalesce(weighed_customers.weight, 0)
        + settings.order_weight * coalesce(weighed_orders.weight, 0)
        + coalesce(row_weights.weight, 0) * issues.rows as hurt,
    settings.money_unit,
    coalesce(losses.loss, 0) as loss,
    coalesce(foreseen.orders, 0) as perfect_orders
from scored.issues
cross join scored.plan_settings as settings
left join weighed_customers
    on weighed_customers.code = issues.code
left join weighed_orders
    on weighed_orders.code = issues.code
left join failed
    on failed.code = issues.code
left join scored.row_weights
    on row_weights.severity = issues.severity
left join scored.score_losses as losses
    on losses.code = issues.code
left join foreseen
    on foreseen.code = issues.code
