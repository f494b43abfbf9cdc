-- One row is one line of an order.
select
    order_lines.order_id, -- the order: orders.order_id
    order_lines.product_id, -- the article: inventory.product_id
    orders.customer_id, -- who bought: customer.customer_id
    order_lines.quantity, -- units ordered
    order_lines.unit_price, -- price a unit on that day
    order_lines.discount, -- discount as a share, 0 to 1
    cast(order_lines.quantity * order_lines.unit_price * (1 - order_lines.discount) as decimal(18, 2)) as amount -- what it comes to
from validated.order_lines
left join mastered.orders
    on orders.order_id = order_lines.order_id
