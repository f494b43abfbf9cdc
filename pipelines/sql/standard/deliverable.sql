-- One row is one customer with an account or an order: whether a place is known to which a parcel can be sent; unknown outside the United States.
select
    customer.customer_id,
    case
        when address.address_id is null then false
        when address.country = 'US' then address.is_deliverable
    end as met
from mastered.customer
left join mastered.address
    on address.address_id = customer.address_id
where customer.accounts > 0
    or customer.is_buyer
