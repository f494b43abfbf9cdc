-- One row is one line of an order.
select
    order_lines.order_id, -- the order: orders.order_id
    order_lines.line_no, -- the line's number in it
    orders.customer_id, -- who bought: customer.customer_id
    orders.ordered_at, -- when the order was placed
    order_lines.sku, -- the article: product.sku
    order_lines.quantity, -- pieces ordered
    order_lines.unit_price, -- price charged a piece
    cast(order_lines.quantity * order_lines.unit_price as decimal(18, 2)) as amount -- pieces times price
from validated.order_lines
left join mastered.orders
    on orders.order_id = order_lines.order_id
