-- One row is one line of an order, and whether its promise was kept; null is unknown: not yet due, or not to be known.
with unread as (
    select
        delivered.order_id,
        count(*) > count(validated.record_id) as is_unread
    from raw.shipment_lines as delivered
    left join validated.shipment_lines as validated
        on validated.record_id = delivered.record_id
    where delivered.repeat_no = 1
    group by delivered.order_id
),
packed_orders as (
    select distinct order_id
    from mastered.shipment_lines
),
packed as (
    select
        lines.order_id,
        lines.line_no,
        sum(case when packed.sku = lines.sku and not parcels.arrived then packed.quantity else 0 end) as lost,
        sum(case when packed.sku = lines.sku and parcels.arrived then packed.quantity else 0 end) as received,
        sum(case when packed.sku = lines.sku and parcels.arrived is null then packed.quantity else 0 end) as underway,
        sum(case when packed.sku = lines.sku then 0 else 1 end) as wrong_articles,
        sum(case when parcels.shipment_id is null then 1 else 0 end) as unknown_parcels,
        sum(case when parcels.arrived and parcels.arrived_on is null then 1 else 0 end) as undated,
        min(case when packed.sku = lines.sku then parcels.arrived_on end) as first_arrived_on,
        max(case when packed.sku = lines.sku then parcels.arrived_on end) as last_arrived_on,
        min(case when parcels.label_right and parcels.addressee_right then 1 when not (parcels.label_right and parcels.addressee_right) then 0 end)
            as least_label,
        sum(case when (parcels.label_right and parcels.addressee_right) is null then 1 else 0 end) as unknown_labels,
        sum(case when parcels.undamaged then 0 when not parcels.undamaged then 1 else 0 end) as damaged,
        sum(case when parcels.arrived and parcels.undamaged is null then 1 else 0 end) as unknown_conditions
    from mastered.order_lines as lines
    join mastered.shipment_lines as packed
        on packed.order_id = lines.order_id
        and packed.line_no = lines.line_no
    left join mastered.shipment_service as parcels
        on parcels.shipment_id = packed.shipment_id
    group by
        lines.order_id,
        lines.line_no
),
counts as (
    select
        sku,
        count(*) as locations
    from raw.inventory
    where repeat_no = 1
    group by sku
),
stock as (
    select
        sku,
        count(on_hand - allocated) as locations,
        case when count(distinct location) = 1 then min(location) end as location,
        min(list_price) as lowest_price,
        max(list_price) as highest_price,
        sum(on_hand - allocated) as available,
        case when count(counted_at) = count(*) then max(counted_at) end as counted_at
    from mastered.inventory
    group by sku
),
-- The price in force when it was ordered: the catalog's, and where that has none, the warehouses'.
priced as (
    select
        lines.order_id,
        lines.line_no,
        max(case when abs(lines.unit_price - offered.list_price) <= 0.01 then 1 when offered.list_price is not null then 0 end) = 1
            as is_price_right
    from mastered.order_lines as lines
    left join validated.catalog as offered
        on offered.sku = lines.sku
        and offered.valid_from <= lines.ordered_at
        and (offered.valid_to is null or offered.valid_to > lines.ordered_at)
    where lines.unit_price is not null
    group by
        lines.order_id,
        lines.line_no
),
known as (
    select
        lines.order_id,
        lines.line_no,
        lines.sku,
        lines.quantity as ordered,
        orders.ordered_at,
        orders.promised_at,
        case when orders.status <> 'cancelled' then orders.status end as status,
        coalesce(packed.lost, 0) as lost,
        coalesce(packed.received, 0) as received,
        coalesce(packed.underway, 0) as underway,
        coalesce(packed.received + packed.underway, 0) as shipped,
        packed.order_id is not null as is_line_packed,
        packed_orders.order_id is not null as is_order_packed,
        coalesce(unread.is_unread, false) as is_unread,
        packed.wrong_articles,
        coalesce(packed.unknown_parcels, 0) as unknown_parcels,
        coalesce(packed.undated, 0) as undated,
        packed.least_label,
        packed.unknown_labels,
        packed.damaged,
        packed.unknown_conditions,
        stock.location,
        case when stock.locations = counts.locations then stock.available end as available,
        stock.counted_at,
        coalesce(
            priced.is_price_right,
            lines.unit_price between stock.lowest_price - 0.01 and stock.highest_price + 0.01
        ) as is_price_right,
        date_diff('day', cast(orders.promised_at as date), run_date()) > declared.late_days as is_due,
        date_diff('day', cast(orders.promised_at as date), packed.last_arrived_on) > declared.late_days as is_late,
        date_diff('day', packed.first_arrived_on, cast(orders.promised_at as date)) > declared.early_days as is_early
    from mastered.order_lines as lines
    cross join mastered.declared_window as declared
    left join mastered.orders
        on orders.order_id = lines.order_id
    left join packed
        on packed.order_id = lines.order_id
        and packed.line_no = lines.line_no
    left join packed_orders
        on packed_orders.order_id = lines.order_id
    left join unread
        on unread.order_id = lines.order_id
    left join stock
        on stock.sku = lines.sku
    left join counts
        on counts.sku = lines.sku
    left join priced
        on priced.order_id = lines.order_id
        and priced.line_no = lines.line_no
),
-- What is left of an article when a line is ordered: what was available at its last count, less what was sold since.
promised as (
    select
        *,
        available - coalesce(
            sum(case when status is not null and ordered_at > counted_at then ordered else 0 end) over (
                partition by sku
                order by ordered_at, order_id, line_no
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as remaining
    from known
),
judged as (
    select
        *,
        case
            when status is null or ordered is null then null
            when shipped > ordered then false
            when received >= ordered then true
            when is_unread or received + underway >= ordered then null
            when status = 'delivered' then case when is_order_packed then false end
            when is_due then false
        end as in_full,
        case
            when status is null or ordered is null then null
            when shipped + lost >= ordered then true
            when is_unread then null
            when status = 'delivered' then case when is_order_packed then false end
            when is_due then false
        end as filled,
        case
            when status is null or ordered is null or promised_at is null then null
            when is_late or is_early then false
            when received >= ordered then case when undated = 0 then true end
            when is_unread or unknown_parcels > 0 or undated > 0 or not is_due then null
            when status = 'delivered' and not is_order_packed then null
            when status = 'delivered' and received > 0 and underway = 0 then true
            else false
        end as on_time,
        case
            when status is null or not is_line_packed then null
            when wrong_articles > 0 or shipped > ordered or not is_price_right or least_label = 0 then false
            when unknown_labels = 0 and is_price_right and not is_unread then true
        end as documents_right,
        case
            when status is null or not is_line_packed then null
            when damaged > 0 then false
            when is_unread or unknown_conditions > 0 or underway > 0 or received = 0 then null
            when received >= ordered or status = 'delivered' then true
        end as undamaged,
        case
            when status is null or ordered is null then null
            when ordered_at > counted_at then ordered > remaining
            when shipped + lost >= ordered then false
            when status <> 'delivered' and not is_unread and available >= 0 then false
        end as oversold
    from promised
)
select
    order_id, -- the order: orders.order_id
    line_no, -- the line's number in it
    sku, -- the article: product.sku
    location, -- the warehouse that stocks the article, where there is only one; null where several could have sent it
    ordered, -- pieces ordered
    cast(shipped as bigint) as shipped, -- pieces of the article that left for this line and were not lost on the way
    in_full, -- exactly what was ordered arrived; false: too many left, or too few and the order is closed or past its promise
    on_time, -- every parcel of the line arrived within the declared window; false too: past the window and not arrived
    documents_right, -- article and pieces on the papers, label, addressee and list price are right; null: nothing left yet
    undamaged, -- every parcel of the line arrived in good condition
    in_full and on_time and documents_right and undamaged as perfect, -- all four; false where one is, else null where one is unknown
    in_full and on_time as otif, -- on time and in full
    cast(received as bigint) as received, -- pieces that arrived
    filled, -- all pieces left, lost or not; false: fewer did and the order is closed or past its promise
    cast(lost as bigint) as lost, -- pieces that left and were lost on the way
    case
        when status is not null and ordered_at > counted_at then cast(remaining as bigint)
    end as remaining, -- pieces left to promise when it was ordered: available at the last count, less what was sold since; null: not to be known
    oversold, -- whether more was promised than was left when it was ordered
    case
        when status is null or ordered is null then null
        when status = 'delivered' or shipped + lost >= ordered then false
        when is_unread then null
        when is_due or shipped + lost > 0 then true
        else oversold
    end as backordered, -- whether pieces wait that could not be sent: past the promise, left behind by a parcel, or oversold
    is_due, -- whether the last day of the window is over
    case
        when status is null or ordered is null or promised_at is null then null
        when status = 'delivered' or received >= ordered then false
        when is_unread and is_due then null
        else is_due
    end as is_overdue -- whether it is not all there and the last day of the window is over
from judged
