-- One row is one customer with the tier and the stage of life that the rules of the project file give them.
with bought as (
    select
        customer_id,
        count(*) as orders,
        sum(order_total) as value,
        min(cast(ordered_at as date)) as first_ordered_on,
        max(cast(ordered_at as date)) as last_ordered_on
    from mastered.orders
    where customer_id is not null
        and status is distinct from 'cancelled'
    group by customer_id
),
known as (
    select
        customer.customer_id,
        coalesce(bought.orders, 0) as orders,
        coalesce(bought.value, 0) as value,
        bought.first_ordered_on,
        bought.last_ordered_on,
        date_diff('day', bought.last_ordered_on, run_date()) as recency_days,
        date_diff('day', bought.first_ordered_on, run_date()) as known_days
    from mastered.customer
    left join bought
        on bought.customer_id = customer.customer_id
),
-- A tier is kept where every limit that it names is kept; the first of these is the customer's.
reached as (
    select
        known.customer_id,
        min(tiers.rank) as rank
    from known
    join mastered.declared_tiers as tiers
        on (tiers.max_recency_days is null or known.recency_days <= tiers.max_recency_days)
        and (tiers.min_orders is null or known.orders >= tiers.min_orders)
        and (tiers.min_value is null or known.value >= tiers.min_value)
    group by known.customer_id
)
select
    known.customer_id, -- who: customer.customer_id
    tiers.name as tier, -- the first tier of the project file all of whose limits the customer keeps; null where none is
    tiers.rank as tier_rank, -- 1 is the tier that the project file names first
    case
        when known.orders = 0 then 'prospect'
        when known.known_days <= lifecycle.new_days then 'new'
        when known.recency_days <= lifecycle.active_days then 'active'
        when known.recency_days <= lifecycle.lapsing_days then 'lapsing'
        else 'lost'
    end as stage, -- prospect (never ordered), new, active, lapsing or lost, by days since the first and the last order
    cast(known.recency_days as integer) as recency_days, -- days since the last order; null where there is none
    known.orders, -- orders that were not cancelled
    cast(known.value as decimal(18, 2)) as value, -- what these were charged in all
    known.first_ordered_on, -- the day of the first of them
    known.last_ordered_on -- the day of the last of them
from known
cross join mastered.declared_lifecycle as lifecycle
left join reached
    on reached.customer_id = known.customer_id
left join mastered.declared_tiers as tiers
    on tiers.rank = reached.rank
