-- One row is one order, and whether its promise was kept; null is unknown: not yet due, or not to be known.
with delivered_lines as (
    select
        order_id,
        count(*) as lines
    from raw.order_lines
    where repeat_no = 1
    group by order_id
),
summed as (
    select
        order_id,
        count(*) as lines,
        sum(amount) as amount
    from mastered.order_lines
    group by order_id
),
-- Of a closed order, a line of which nothing left has no papers and no condition: those of the others are the order's.
judged_lines as (
    select
        service.*,
        coalesce(orders.status = 'delivered', false) as is_closed,
        service.shipped + service.lost = 0 as has_not_left
    from mastered.order_line_service as service
    left join mastered.orders
        on orders.order_id = service.order_id
),
lines as (
    select
        order_id,
        min(case when in_full then 1 when not in_full then 0 end) as in_full,
        min(case when on_time then 1 when not on_time then 0 end) as on_time,
        min(case when documents_right then 1 when not documents_right then 0 end) as documents_right,
        min(case when undamaged then 1 when not undamaged then 0 end) as undamaged,
        min(case when filled then 1 when not filled then 0 end) as filled,
        max(case when oversold then 1 when not oversold then 0 end) as oversold,
        max(case when backordered then 1 when not backordered then 0 end) as backordered,
        max(case when is_overdue then 1 when not is_overdue then 0 end) as is_overdue,
        sum(case when in_full is null then 1 else 0 end) as in_full_unknown,
        sum(case when on_time is null then 1 else 0 end) as on_time_unknown,
        sum(case when documents_right is null and not (is_closed and has_not_left) then 1 else 0 end) as documents_unknown,
        sum(case when undamaged is null and not (is_closed and has_not_left) then 1 else 0 end) as undamaged_unknown,
        sum(case when filled is null then 1 else 0 end) as filled_unknown,
        sum(case when oversold is null then 1 else 0 end) as oversold_unknown,
        sum(case when backordered is null then 1 else 0 end) as backordered_unknown,
        sum(case when is_overdue is null then 1 else 0 end) as is_overdue_unknown,
        case when count(location) = count(*) and count(distinct location) = 1 then min(location) end as location
    from judged_lines
    group by order_id
),
parcels as (
    select
        service.order_id,
        count(*) as parcels,
        case when count(distinct shipments.carrier) = 1 then min(shipments.carrier) end as carrier,
        min(case when service.label_right and service.addressee_right then 1 when not (service.label_right and service.addressee_right) then 0 end)
            as least_label,
        max(service.arrived_on) as arrived_on
    from mastered.shipment_service as service
    join mastered.shipments
        on shipments.shipment_id = service.shipment_id
    group by service.order_id
),
foreign_articles as (
    select
        packed.order_id,
        count(*) as articles
    from mastered.shipment_lines as packed
    left join (select distinct order_id, sku from mastered.order_lines) as ordered
        on ordered.order_id = packed.order_id
        and ordered.sku = packed.sku
    where ordered.order_id is null
    group by packed.order_id
),
-- A namesake's home: somebody else of the buyer's name lives where the order goes, and the buyer is not known there.
placed as (
    select
        orders.order_id,
        orders.ship_to_address_id as address_id,
        orders.customer_id,
        buyer.first_root,
        buyer.last_main
    from mastered.orders
    join validated.orders as taken
        on taken.order_id = orders.order_id
        and case
            when taken.ship_to_name = taken.customer_name then true
            else std_fold(taken.ship_to_name) = std_fold(taken.customer_name)
        end
    join standardized.customer as buyer
        on buyer.record_id = taken.record_id
    where orders.ship_to_address_id is not null
),
residents as (
    select distinct
        customer.customer_id,
        customer.address_id,
        customer.household_id,
        records.first_root,
        records.last_main
    from mastered.customer_records as records
    join mastered.customer
        on customer.customer_id = records.customer_id
        and customer.address_id is not null
        and customer.customer_type = 'person'
    where records.role = 'account'
),
-- Where the buyer is known from an account, or from the parcels of other orders.
places as (
    select
        customer_id,
        address_id,
        max(coalesce(order_ref, '')) as last_order,
        min(coalesce(order_ref, '')) as first_order
    from mastered.customer_records
    where address_id is not null
    group by
        customer_id,
        address_id
),
namesakes as (
    select distinct placed.order_id
    from placed
    join residents
        on residents.address_id = placed.address_id
        and residents.customer_id <> placed.customer_id
        and std_similarity(residents.first_root, placed.first_root) >= 0.85
        and std_similarity(residents.last_main, placed.last_main) >= 0.85
    left join mastered.customer as buyer
        on buyer.customer_id = placed.customer_id
    left join places
        on places.customer_id = placed.customer_id
        and places.address_id = placed.address_id
        and (places.first_order <> placed.order_id or places.last_order <> placed.order_id)
    where places.customer_id is null
        and (buyer.household_id is null or residents.household_id is distinct from buyer.household_id)
),
known as (
    select
        orders.order_id,
        case when orders.status <> 'cancelled' then orders.status end as status,
        coalesce(delivered_lines.lines, 0) > coalesce(summed.lines, 0) or summed.lines is null as is_incomplete,
        case
            when abs(orders.order_total - summed.amount) > 0.01 and delivered_lines.lines = summed.lines then 0
            when foreign_articles.articles > 0 and delivered_lines.lines = summed.lines then 0
            when parcels.least_label = 0 then 0
            when orders.order_total is null or foreign_articles.articles > 0 then null
            else 1
        end as papers,
        lines.documents_right is not null or coalesce(parcels.parcels, 0) > 0 as has_left,
        parcels.parcels,
        parcels.carrier,
        parcels.least_label,
        parcels.arrived_on,
        case
            when namesakes.order_id is not null or parcels.least_label = 0 then true
            when orders.customer_id is not null and orders.ship_to_address_id is not null then false
        end as misdelivery_risk
    from mastered.orders
    left join delivered_lines
        on delivered_lines.order_id = orders.order_id
    left join summed
        on summed.order_id = orders.order_id
    left join lines
        on lines.order_id = orders.order_id
    left join parcels
        on parcels.order_id = orders.order_id
    left join foreign_articles
        on foreign_articles.order_id = orders.order_id
    left join namesakes
        on namesakes.order_id = orders.order_id
),
judged as (
    select
        known.order_id,
        case
            when known.status is null then null
            when lines.in_full = 0 then false
            when lines.in_full_unknown = 0 and not known.is_incomplete then true
        end as in_full,
        case
            when known.status is null then null
            when lines.on_time = 0 then false
            when lines.on_time_unknown = 0 and not known.is_incomplete then true
        end as on_time,
        case
            when known.status is null or not known.has_left then null
            when lines.documents_right = 0 or known.papers = 0 then false
            when lines.documents_right = 1 and lines.documents_unknown = 0 and known.papers = 1 and not known.is_incomplete then true
        end as documents_right,
        case
            when known.status is null or not known.has_left then null
            when lines.undamaged = 0 then false
            when lines.undamaged = 1 and lines.undamaged_unknown = 0 and not known.is_incomplete then true
        end as undamaged,
        case
            when known.status is null then null
            when lines.filled = 0 then false
            when lines.filled_unknown = 0 and not known.is_incomplete then true
        end as filled,
        case
            when known.status is null then null
            when lines.oversold = 1 then true
            when lines.oversold_unknown = 0 and not known.is_incomplete then false
        end as oversold,
        case
            when known.status is null then null
            when lines.backordered = 1 then true
            when lines.backordered_unknown = 0 and not known.is_incomplete then false
        end as backordered,
        case
            when known.status is null then null
            when lines.is_overdue = 1 then true
            when lines.is_overdue_unknown = 0 and not known.is_incomplete then false
        end as is_overdue
    from known
    left join lines
        on lines.order_id = known.order_id
)
select
    orders.order_id, -- the order: orders.order_id
    orders.customer_id, -- who bought: customer.customer_id
    orders.ship_to_address_id, -- where it goes: address.address_id
    orders.channel, -- where it was ordered: web, phone or store
    channel_touchpoints.touchpoint, -- the touchpoint that the channel belongs to: lookups/channel_touchpoints.csv
    known.carrier, -- who carries it; null where nothing left or several do
    lines.location, -- the warehouse that stocks all its articles, where there is only one
    customer_tier.tier, -- the buyer's tier tonight
    orders.ordered_at, -- when it was ordered
    orders.promised_at, -- when it was promised
    orders.status, -- open, shipped, delivered or cancelled; a cancelled order has no promise left: all is null
    orders.order_total, -- the sum charged
    coalesce(summed.lines, 0) as lines, -- its lines
    judged.in_full, -- every line arrived exactly as ordered
    judged.on_time, -- every line arrived within the declared window
    judged.documents_right, -- every line's papers, every label and the total are right; null until something left
    judged.undamaged, -- every parcel arrived in good condition
    judged.in_full and judged.on_time and judged.documents_right and judged.undamaged as perfect, -- SCOR RL.1.1: all four; null where none is false and one unknown
    judged.in_full and judged.on_time as otif, -- on time and in full
    judged.oversold, -- whether a line was promised beyond what was left when it was ordered
    known.misdelivery_risk, -- whether a label is not the order's, or a namesake of the buyer lives where it goes and the buyer does not
    judged.filled, -- all pieces of all lines left
    judged.backordered, -- whether pieces wait that could not be sent
    judged.is_overdue, -- whether it is not all there and the last day of the window is over
    known.least_label = 1 as labels_right, -- whether place and name on every label are the order's; null where unknown or nothing left
    coalesce(known.parcels, 0) as parcels, -- parcels that left for it
    known.arrived_on -- the day the last of them arrived
from mastered.orders
join known
    on known.order_id = orders.order_id
join judged
    on judged.order_id = orders.order_id
left join lines
    on lines.order_id = orders.order_id
left join summed
    on summed.order_id = orders.order_id
left join lookup.channel_touchpoints
    on channel_touchpoints.channel = orders.channel
left join mastered.customer_tier
    on customer_tier.customer_id = orders.customer_id
