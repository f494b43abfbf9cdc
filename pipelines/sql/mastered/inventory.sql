-- One row is the stock of one article at one location.
select
    sku, -- the article: product.sku
    location, -- the warehouse
    list_price, -- price in force there
    on_hand, -- pieces on the shelf
    allocated, -- pieces promised to orders
    on_hand - allocated as available, -- pieces that can still be promised
    opening_on_hand, -- pieces at the opening count
    received, -- pieces received since
    shipped, -- pieces shipped since
    adjusted, -- corrections since
    discontinued, -- whether it is no longer sold
    counted_at -- when it was last counted
from validated.inventory
