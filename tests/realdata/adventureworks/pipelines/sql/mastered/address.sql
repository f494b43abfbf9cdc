-- One row is one place that a prospect or a reseller is at.
select
    address_id, -- the stable id of the place
    line1, -- street and number, or the building
    line2, -- unit, department, or the street where line 1 names a building
    city, -- town
    state, -- code of the state or province
    postal_code, -- postal code
    country, -- country, ISO 3166 alpha-2
    records -- how many records name this place
from mastered.address_golden
