-- one row is the last word of a touchpoint on a customer's consent, where the customer's newest word says otherwise
with said as (
    select
        contacts.customer_id,
        interactions.source_key,
        interactions.record_id,
        interactions.touchpoint,
        std_fold(interactions.consent) as value,
        interactions.occurred_at as said_at
    from validated.crm_interactions as interactions
    join mastered.interactions as contacts
        on contacts.interaction_id = interactions.interaction_id
        and contacts.customer_id is not null
    where std_fold(interactions.consent) is not null
),
ranked as (
    select
        *,
        min(said_at) over (partition by customer_id, touchpoint, value) as first_said_at,
        min(said_at) over (partition by customer_id, value) as value_said_at,
        row_number() over (
            partition by customer_id, touchpoint
            order by said_at desc nulls last, record_id
        ) as choice,
        row_number() over (
            partition by customer_id
            order by said_at desc nulls last, record_id
        ) as overall_choice
    from said
)
select
    word.source_key as key,
    word.record_id,
    word.customer_id as master_id,
    cast(null as varchar) as order_id,
    word.touchpoint || ' heard another consent on ' || cast(cast(word.said_at as date) as varchar) || ' than ' || newest.touchpoint || ' on '
        || cast(cast(newest.said_at as date) as varchar) as detail,
    cast(null as decimal(18, 2)) as value_at_risk,
    cast(greatest(word.first_said_at, newest.value_said_at) as date) as since
from ranked as word
join ranked as newest
    on newest.customer_id = word.customer_id
    and newest.overall_choice = 1
    and newest.value <> word.value
where word.choice = 1
