-- One row is one customer record: as typed, and folded for comparison. Phones of other countries are kept, not forced.
select
    record_id,
    source,
    source_key,
    role,
    customer_ref,
    std_blank(name) as display_name,
    std_blank(contact_name) as contact_name,
    std_blank(contact_title) as contact_title,
    std_blank(phone) as phone,
    std_blank(fax) as fax,
    std_country(country) as country,
    std_organization(name) as org_key,
    std_fold(contact_name) as contact_key,
    std_country(country) || ' ' || std_phone_digits(phone) as phone_key,
    std_country(country) || ' ' || std_phone_digits(fax) as fax_key,
    updated_at
from standardized.customer_conformed
