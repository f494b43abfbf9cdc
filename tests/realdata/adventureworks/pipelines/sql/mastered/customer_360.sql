-- One row is one customer with the place where the customer is.
select
    customer.customer_id, -- the stable id of the customer
    customer.customer_type, -- person or organization
    coalesce(customer.salutation || ' ' || customer.last_name, customer.display_name) as greeting, -- how to address them
    customer.display_name, -- the name to print
    customer.email, -- e-mail
    customer.phone, -- phone as written
    address.line1, -- street and number
    address.city, -- town
    address.state, -- code of the state or province
    address.postal_code, -- postal code
    address.country, -- country, ISO 3166 alpha-2
    customer.household_id -- with whom they live
from mastered.customer
left join mastered.address
    on address.address_id = customer.address_id
