-- One row is one parcel of a known order: whether it arrived, in what condition, and whether its label is the order's.
with parcels as (
    select
        shipments.shipment_id,
        shipments.order_id,
        shipments.status,
        shipments.condition,
        cast(shipments.delivered_at as date) as delivered_on,
        shipments.address_id,
        orders.ship_to_address_id,
        delivered.record_id,
        taken.record_id as order_record_id,
        delivered.recipient_name,
        taken.ship_to_name,
        case
            when delivered.recipient_name = taken.ship_to_name then true
            when shipments.recipient_customer_id = orders.customer_id
                and taken.ship_to_name = taken.customer_name then true
            when std_fold(delivered.recipient_name) = std_fold(taken.ship_to_name) then true
            when shipments.recipient_customer_id = orders.customer_id
                and std_fold(taken.ship_to_name) = std_fold(taken.customer_name) then true
            else false
        end as is_addressee_sure
    from mastered.shipments
    join mastered.orders
        on orders.order_id = shipments.order_id
    join validated.shipments as delivered
        on delivered.shipment_id = shipments.shipment_id
    join validated.orders as taken
        on taken.order_id = shipments.order_id
),
-- Of places that are not one, a slip of the pen is no other place: number, ZIP, or most of the first line must differ.
other_places as (
    select
        parcels.shipment_id,
        coalesce(regexp_extract(label.line1, '[0-9]+') <> regexp_extract(place.line1, '[0-9]+'), false)
        or coalesce(left(label.postal_code5, 5) <> left(place.postal_code5, 5), false)
        or coalesce(std_similarity(std_fold(label.line1), std_fold(place.line1)) < 0.8, false) as is_other
    from parcels
    left join standardized.address as label
        on label.record_id = parcels.record_id
    left join standardized.address as place
        on place.record_id = parcels.order_record_id
    where parcels.address_id <> parcels.ship_to_address_id
),
-- Names that are written differently are compared word by word: an initial stands for its word.
names as (
    select
        shipment_id,
        std_fold(std_person_core(recipient_name)) as addressee,
        std_fold(std_person_core(ship_to_name)) as ship_to
    from parcels
    where not is_addressee_sure
),
addressee_words as (
    select
        shipment_id,
        unnest(string_split(addressee, ' ')) as word
    from names
),
ship_to_words as (
    select
        shipment_id,
        unnest(string_split(ship_to, ' ')) as word
    from names
),
word_pairs as (
    select
        addressee_words.shipment_id,
        addressee_words.word as addressee_word,
        ship_to_words.word as ship_to_word,
        case
            when least(length(addressee_words.word), length(ship_to_words.word)) = 1
                then case when left(addressee_words.word, 1) = left(ship_to_words.word, 1) then 1.0 else 0.0 end
            when std_similarity(addressee_words.word, ship_to_words.word) >= 0.85 then 1.0
            else 0.0
        end as is_alike
    from addressee_words
    join ship_to_words
        on ship_to_words.shipment_id = addressee_words.shipment_id
),
best_of_words as (
    select
        shipment_id,
        'addressee' as side,
        addressee_word as word,
        max(is_alike) as is_alike
    from word_pairs
    group by
        shipment_id,
        addressee_word
    union all
    select
        shipment_id,
        'ship_to' as side,
        ship_to_word as word,
        max(is_alike) as is_alike
    from word_pairs
    group by
        shipment_id,
        ship_to_word
),
shares as (
    select
        shipment_id,
        side,
        avg(is_alike) as share
    from best_of_words
    group by
        shipment_id,
        side
),
alike as (
    select
        shipment_id,
        max(share) as share
    from shares
    group by shipment_id
)
select
    parcels.shipment_id, -- the parcel: shipments.shipment_id
    parcels.order_id, -- the order it fulfils: orders.order_id
    case
        when parcels.status = 'delivered' then true
        when parcels.status = 'lost' then false
    end as arrived, -- true delivered, false lost, null still on its way
    case when parcels.status = 'delivered' then parcels.delivered_on end as arrived_on, -- the day it arrived
    case
        when parcels.address_id = parcels.ship_to_address_id then true
        when parcels.address_id is null or parcels.ship_to_address_id is null then null
        else not other_places.is_other
    end as label_right, -- whether the label names the order's own ship-to place, slips of the pen aside; null where one is missing
    case
        when parcels.is_addressee_sure then true
        when alike.share = 1 then true
        when alike.share = 0 then false
    end as addressee_right, -- whether the label's name is the order's ship-to name; null where only a part of the words agree
    case
        when parcels.condition = 'damaged' then false
        when parcels.condition = 'ok' and parcels.status = 'delivered' then true
    end as undamaged -- whether it arrived in good condition, as the recipient said; null where nobody said
from parcels
left join other_places
    on other_places.shipment_id = parcels.shipment_id
left join alike
    on alike.shipment_id = parcels.shipment_id
