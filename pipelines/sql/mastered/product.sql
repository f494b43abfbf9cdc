-- One row is one article.
with counted as (
    select
        sku,
        product_name,
        list_price,
        discontinued,
        row_number() over (
            partition by sku
            order by counted_at desc nulls last, record_id
        ) as choice
    from validated.inventory
),
stock as (
    select
        sku,
        sum(on_hand) as on_hand,
        sum(allocated) as allocated
    from validated.inventory
    group by sku
)
select
    counted.sku, -- the article
    counted.product_name, -- what it is called
    counted.list_price, -- price in force at the location counted last
    counted.discontinued, -- whether it is no longer sold
    cast(stock.on_hand as bigint) as on_hand, -- pieces on the shelf, all locations
    cast(stock.allocated as bigint) as allocated -- pieces promised to orders, all locations
from counted
join stock
    on stock.sku = counted.sku
where counted.choice = 1
