-- one row is an order that says nothing of its buyer: no account, no name, no e-mail, no phone
select
    orders.source_key as key,
    orders.record_id,
    mastered_orders.customer_id as master_id,
    orders.order_id,
    'neither account nor name, e-mail or phone' as detail,
    orders.order_total as value_at_risk
from validated.orders
join mastered.orders as mastered_orders
    on mastered_orders.order_id = orders.order_id
where std_blank(orders.customer_id) is null
    and std_blank(orders.customer_name) is null
    and std_blank(orders.email) is null
    and std_blank(orders.phone) is null
