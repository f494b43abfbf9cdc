-- One row is one line of a shipment.
select
    shipment_lines.shipment_id, -- the shipment: shipments.shipment_id
    shipment_lines.order_id, -- the order: orders.order_id
    shipment_lines.line_no, -- the order's line: order_lines.line_no
    shipment_lines.sku, -- the article shipped
    shipment_lines.quantity -- pieces shipped
from validated.shipment_lines
