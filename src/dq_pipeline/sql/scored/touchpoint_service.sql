-- One row is one touchpoint and one way in which its orders fail; 'all' counts each failed order once.
with met as (
    select
        touchpoint,
        sum(rows) as interactions
    from scored.touchpoint_profile
    group by touchpoint
),
placed as (
    select
        touchpoint,
        count(distinct order_id) as orders,
        count(distinct case when is_perfect then order_id end) as perfect_orders
    from scored.order_outcomes
    group by touchpoint
),
failed as (
    select
        touchpoint,
        failure,
        count(distinct order_id) as failed_orders,
        sum(coalesce(cost, 0)) as cost
    from scored.failed_orders
    group by
        touchpoint,
        failure
    union all
    select
        touchpoint,
        'all' as failure,
        count(distinct order_id) as failed_orders,
        sum(coalesce(cost, 0)) as cost
    from scored.failed_orders
    group by touchpoint
),
known as (
    select touchpoint
    from scored.touchpoints
    union
    select touchpoint
    from met
    union
    select touchpoint
    from placed
    where touchpoint is not null
),
told as (
    select
        touchpoint,
        'all' as failure
    from known
    union
    select
        touchpoint,
        failure
    from failed
    where touchpoint is not null
)
select
    told.touchpoint, -- where the customer meets the company
    told.failure, -- how orders fail: late, short, …; 'all' is any of these
    cast(coalesce(met.interactions, 0) as bigint) as interactions, -- rows of all sources that were made there
    coalesce(placed.orders, 0) as orders, -- orders placed there
    coalesce(placed.perfect_orders, 0) as perfect_orders, -- of these, orders known to be perfect
    coalesce(failed.failed_orders, 0) as failed_orders, -- of these, orders that failed so
    case when placed.orders > 0 then round(cast(coalesce(failed.failed_orders, 0) as double) / placed.orders, 6) end as failed_share, -- failed, as a share of the orders placed there
    cast(coalesce(failed.cost, 0) as decimal(18, 2)) as cost -- what these failures cost, as the project declares
from told
left join met
    on met.touchpoint = told.touchpoint
left join placed
    on placed.touchpoint = told.touchpoint
left join failed
    on failed.touchpoint = told.touchpoint
    and failed.failure = told.failure
