-- One row is one customer with an account or an order: whether the CRM holds no second account for them.
select
    customer_id,
    accounts <= 1 as met
from mastered.customer
where accounts > 0
    or is_buyer
