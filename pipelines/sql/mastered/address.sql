-- One row is one place that a record of any system names.
select
    golden.address_id, -- the stable id of the place
    golden.line1, -- street and number
    golden.line2, -- unit
    golden.city, -- city
    golden.state, -- state, two letters in the United States
    golden.postal_code, -- postal code
    golden.country, -- country, ISO 3166 alpha-2
    golden.is_deliverable, -- whether street, number, city, state and a valid ZIP are all there (US only)
    golden.records -- how many records name this place
from mastered.address_golden as golden
