-- One row is one place that a customer is at or an order goes to.
select
    address_id, -- the stable id of the place
    line1, -- street and number as written there
    city, -- town
    region, -- state or province, where the country has them
    postal_code, -- postal code in the form of its country
    country, -- country, ISO 3166 alpha-2
    records -- how many records name this place
from mastered.address_golden
