-- one row is an order line whose price is not the list price that was in force when it was ordered
with offered as (
    select
        lines.order_id,
        lines.line_no,
        min(catalog.list_price) as lowest,
        max(catalog.list_price) as highest
    from mastered.order_lines as lines
    join validated.catalog
        on catalog.sku = lines.sku
        and catalog.valid_from <= lines.ordered_at
        and (catalog.valid_to is null or catalog.valid_to > lines.ordered_at)
    group by lines.order_id, lines.line_no
),
-- What the catalog does not know costs what a warehouse says, now.
stocked as (
    select
        sku,
        min(list_price) as lowest,
        max(list_price) as highest
    from validated.inventory
    group by sku
),
prices as (
    select
        order_lines.source_key,
        order_lines.record_id,
        order_lines.order_id,
        order_lines.quantity,
        order_lines.unit_price,
        lines.customer_id,
        case when offered.lowest is not null then offered.lowest else stocked.lowest end as lowest,
        case when offered.lowest is not null then offered.highest else stocked.highest end as highest
    from validated.order_lines
    join mastered.order_lines as lines
        on lines.order_id = order_lines.order_id
        and lines.line_no = order_lines.line_no
    left join offered
        on offered.order_id = order_lines.order_id
        and offered.line_no = order_lines.line_no
    left join stocked
        on stocked.sku = order_lines.sku
)
select
    source_key as key,
    record_id,
    customer_id as master_id,
    order_id,
    'charged ' || cast(cast(unit_price as decimal(18, 2)) as varchar) || ', the list price was '
        || cast(cast(lowest as decimal(18, 2)) as varchar) as detail,
    cast(abs(unit_price - lowest) * quantity as decimal(18, 2)) as value_at_risk
from prices
where unit_price < lowest - 0.01
    or unit_price > highest + 0.01
