-- One row is one article at one location as delivered: its record is right where it is what the books add up to.
select
    counted.location,
    case when stock.on_hand = stock.opening_on_hand + stock.received - stock.shipped + stock.adjusted and stock.on_hand >= 0 then 1 else 0 end
        as good,
    case when stock.on_hand <> stock.opening_on_hand + stock.received - stock.shipped + stock.adjusted or stock.on_hand < 0 then 1 else 0 end
        as bad,
    case
        when stock.on_hand < 0 then 0
        when stock.on_hand = stock.opening_on_hand + stock.received - stock.shipped + stock.adjusted then 0
        when stock.on_hand <> stock.opening_on_hand + stock.received - stock.shipped + stock.adjusted then 0
        else 1
    end as unknown
from raw.inventory as counted
left join validated.inventory as stock
    on stock.record_id = counted.record_id
where counted.repeat_no = 1
