-- One row is the last word of a touchpoint, or of the CRM, on what a customer prefers, and whether the newest word says otherwise.
with said as (
    select
        interactions.customer_id,
        asked.preference,
        interactions.touchpoint,
        case asked.preference
            when 'preferred_name' then std_fold(interactions.preferred_name)
            when 'language' then std_fold(interactions.language)
            when 'consent' then std_fold(interactions.consent)
        end as value,
        'crm_interactions:' || interactions.interaction_id as record_id,
        interactions.interaction_id as source_key,
        interactions.occurred_at as said_at
    from mastered.interactions
    cross join (values ('preferred_name'), ('language'), ('consent')) as asked(preference)
    union all
    select
        customer_id,
        'preferred_name' as preference,
        'crm' as touchpoint,
        std_fold(preferred_name) as value,
        record_id,
        source_key,
        updated_at as said_at
    from mastered.customer_records
    where role = 'account'
),
ranked as (
    select
        *,
        min(said_at) over (partition by customer_id, preference, touchpoint, value) as first_said_at,
        min(said_at) over (partition by customer_id, preference, value) as value_said_at,
        row_number() over (
            partition by customer_id, preference, touchpoint
            order by said_at desc nulls last, record_id
        ) as choice,
        row_number() over (
            partition by customer_id, preference
            order by said_at desc nulls last, record_id
        ) as overall_choice
    from said
    where customer_id is not null
        and value is not null
)
select
    word.customer_id, -- who: customer.customer_id
    word.preference, -- preferred_name, language or consent (whether they want advertising)
    word.touchpoint, -- where it was said; crm: the account says so
    word.value, -- what was said, in lower case and without accents
    cast(word.said_at as date) as said_on, -- the day it was said there last
    word.record_id, -- the contact or account that says it
    word.source_key, -- its number in the CRM
    newest.touchpoint as newest_touchpoint, -- where the customer's newest word on it was said
    cast(newest.said_at as date) as newest_said_on, -- the day of the newest word
    newest.value <> word.value as differs, -- whether the newest word says otherwise
    case when newest.value <> word.value then cast(greatest(word.first_said_at, newest.value_said_at) as date) end as since -- the day since when both are said
from ranked as word
join ranked as newest
    on newest.customer_id = word.customer_id
    and newest.preference = word.preference
    and newest.overall_choice = 1
where word.choice = 1
