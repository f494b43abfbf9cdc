-- One row is one contact with a customer.
select
    interactions.interaction_id, -- the contact's number
    xref.master_id as customer_id, -- with whom: customer.customer_id
    interactions.customer_id as source_customer_id, -- the customer's number as the CRM has it
    interactions.touchpoint, -- where the customer met the company
    interactions.reason, -- why
    interactions.outcome, -- how it ended
    interactions.satisfaction, -- 1 to 5 as the customer said
    interactions.occurred_at, -- when
    interactions.preferred_name, -- what the customer wants to be called, if that was said
    interactions.language, -- the language the customer wants, if that was said
    interactions.consent -- whether the customer wants advertising: yes or no, if that was said
from validated.crm_interactions as interactions
left join mastered.xref
    on xref.entity = 'customer'
    and xref.record_id = 'crm_customers:' || interactions.customer_id
