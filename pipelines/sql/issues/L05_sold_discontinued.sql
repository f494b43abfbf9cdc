-- one row is an order line of an article that was no longer sold when it was ordered
with offered as (
    select
        lines.order_id,
        lines.line_no,
        min(case when catalog.discontinued then 1 else 0 end) as is_over,
        max(cast(catalog.valid_from as date)) as since
    from mastered.order_lines as lines
    join validated.catalog
        on catalog.sku = lines.sku
        and catalog.valid_from <= lines.ordered_at
        and (catalog.valid_to is null or catalog.valid_to > lines.ordered_at)
    group by lines.order_id, lines.line_no
),
-- A warehouse tells that it is over, not since when: that it was so at its count is certain.
stocked as (
    select
        sku,
        min(case when discontinued then 1 else 0 end) as is_over,
        max(counted_at) as counted_at
    from validated.inventory
    group by sku
    having count(counted_at) = count(*)
)
select
    order_lines.source_key as key,
    order_lines.record_id,
    orders.customer_id as master_id,
    order_lines.order_id,
    order_lines.sku || ' is discontinued, ordered ' || cast(cast(orders.ordered_at as date) as varchar) as detail,
    cast(order_lines.quantity * order_lines.unit_price as decimal(18, 2)) as value_at_risk,
    case when offered.is_over = 1 then offered.since else cast(stocked.counted_at as date) end as since
from validated.order_lines
join mastered.orders
    on orders.order_id = order_lines.order_id
left join offered
    on offered.order_id = order_lines.order_id
    and offered.line_no = order_lines.line_no
left join stocked
    on stocked.sku = order_lines.sku
    and stocked.counted_at < orders.ordered_at
where orders.status <> 'cancelled'
    and (offered.is_over = 1 or stocked.is_over = 1)
