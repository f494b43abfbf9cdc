-- One row is one customer with an account or an order: whether a valid e-mail or phone of their own is known.
select
    customer_id,
    email is not null or phone is not null as met
from mastered.customer
where accounts > 0
    or is_buyer
