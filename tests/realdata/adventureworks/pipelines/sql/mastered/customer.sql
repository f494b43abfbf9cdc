-- One row is one customer: a person or an organization.
select
    golden.customer_id, -- the stable id of the customer
    golden.customer_type, -- person or organization
    golden.display_name, -- the name to print
    golden.salutation, -- Mr. or Ms.
    golden.first_name, -- given name
    golden.middle_name, -- middle initial
    golden.last_name, -- family name
    golden.birth_date, -- date of birth
    golden.organization_name, -- name of the organization
    golden.email, -- e-mail, a well-formed one where there is one
    golden.phone, -- phone as written
    golden.country, -- country, ISO 3166 alpha-2
    golden.address_id, -- where the customer is: address.address_id
    household.household_id, -- with whom: household.household_id
    golden.records -- how many records it was made of
from mastered.customer_golden as golden
left join mastered.household
    on household.address_id = golden.address_id
    and household.surname = std_surname(golden.last_name)
    and golden.customer_type = 'person'
