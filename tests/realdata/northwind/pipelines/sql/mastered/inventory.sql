-- One row is one article and its stock.
select
    product_id, -- number of the article
    product_name, -- what it is called
    quantity_per_unit, -- how it is packed
    list_price, -- price a unit now
    on_hand, -- units on the shelf
    on_order, -- units ordered from the supplier
    reorder_level, -- the stock at which to order again
    discontinued -- whether it is no longer sold
from validated.inventory
