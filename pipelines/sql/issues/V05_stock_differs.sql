-- one row is an article of which the shop offers another number of pieces than the warehouses have left to promise
with delivered as (
    select
        sku,
        count(*) as locations
    from raw.inventory
    where repeat_no = 1
    group by sku
),
counted as (
    select
        sku,
        count(*) as locations,
        min(counted_at) as counted_at,
        sum(on_hand - allocated) as available
    from validated.inventory
    group by sku
    having count(on_hand - allocated) = count(*)
),
-- What was ordered since the count the shop may have taken off already.
sold as (
    select
        lines.sku,
        sum(lines.quantity) as quantity
    from mastered.order_lines as lines
    join counted
        on counted.sku = lines.sku
        and counted.counted_at < lines.ordered_at
    group by lines.sku
)
select
    catalog.source_key as key,
    catalog.record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    'the shop offers ' || cast(catalog.available as varchar) || ', the warehouses have ' || cast(greatest(counted.available, 0) as varchar) as detail,
    cast(abs(catalog.available - greatest(counted.available, 0)) * catalog.list_price as decimal(18, 2)) as value_at_risk
from validated.catalog
join counted
    on counted.sku = catalog.sku
join delivered
    on delivered.sku = counted.sku
    and delivered.locations = counted.locations
left join sold
    on sold.sku = catalog.sku
where catalog.valid_to is null
    and (
        catalog.available > greatest(counted.available, 0)
        or catalog.available < greatest(counted.available - coalesce(sold.quantity, 0), 0)
    )
