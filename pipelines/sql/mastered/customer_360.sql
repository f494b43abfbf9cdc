-- One row is one customer, whole: who they are, how to reach them, what they bought, what is promised, and what went wrong.
with bought as (
    select
        customer_id,
        count(*) as orders,
        sum(order_total) as value,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        sum(case when status = 'open' then 1 else 0 end) as open_orders,
        min(case when status = 'open' then promised_at end) as next_promised_at,
        sum(lines) as lines,
        sum(parcels) as shipments,
        sum(case when perfect then 1 else 0 end) as perfect_orders,
        sum(case when not perfect then 1 else 0 end) as failed_orders
    from mastered.order_service
    group by customer_id
),
contacted as (
    select
        customer_id,
        count(*) as interactions,
        max(occurred_at) as last_contact_at,
        avg(satisfaction) as satisfaction,
        list_sort(list(distinct touchpoint)) as touchpoints
    from mastered.interactions
    group by customer_id
),
-- What was said last, of what was said at all.
said as (
    select
        customer_id,
        max(satisfaction) as latest_satisfaction
    from (
        select
            customer_id,
            satisfaction,
            row_number() over (
                partition by customer_id
                order by
                    occurred_at desc,
                    interaction_id
            ) as choice
        from mastered.interactions
        where satisfaction is not null
    ) as answers
    where choice = 1
    group by customer_id
),
received as (
    select
        recipient_customer_id as customer_id,
        count(*) as parcels,
        sum(case when condition = 'damaged' or status = 'lost' then 1 else 0 end) as failed_parcels
    from mastered.shipments
    group by recipient_customer_id
),
names as (
    select
        customer_id,
        list_sort(list(distinct name)) as names,
        max(case when kind = 'preferred' and is_latest then name end) as preferred
    from mastered.customer_name
    group by customer_id
),
contacts as (
    select
        customer_id,
        max(case when kind = 'email' and is_working then value end) as working_email,
        max(case when kind = 'email' and is_working then last_confirmed_on end) as email_confirmed_on,
        max(case when kind = 'phone' and is_working then value end) as working_phone,
        max(case when kind = 'phone' and is_working then last_confirmed_on end) as phone_confirmed_on
    from mastered.customer_contact
    group by customer_id
),
places as (
    select
        customer_id,
        list_sort(list({'last_used_on': last_used_on, 'address_id': address_id, 'place': place, 'used_as': used_as, 'times': times})) as addresses
    from mastered.customer_address
    group by customer_id
),
promises as (
    select
        customer_id,
        list_sort(
            list(
                {
                    'promised_at': promised_at,
                    'order_id': order_id,
                    'status': status,
                    'order_total': order_total,
                    'is_overdue': is_overdue,
                    'oversold': oversold,
                    'misdelivery_risk': misdelivery_risk
                }
            )
        ) as open_promises
    from mastered.order_service
    where status in ('open', 'shipped')
        and in_full is distinct from true
    group by customer_id
),
irregular as (
    select
        issue_rows.master_id as customer_id,
        list_sort(
            list(
                {
                    'since': issue_rows.since,
                    'code': issue_rows.code,
                    'title': issues.title,
                    'order_id': issue_rows.order_id,
                    'detail': issue_rows.detail
                }
            )
        ) as irregularities
    from scored.issue_rows
    join scored.issues
        on issues.code = issue_rows.code
    where issue_rows.entity = 'customer'
    group by issue_rows.master_id
),
traced as (
    select
        order_id,
        failure,
        list_sort(list(distinct code)) as codes
    from scored.attribution
    group by
        order_id,
        failure
),
broken as (
    select
        failed_orders.customer_id,
        list_sort(
            list(
                {
                    'order_id': failed_orders.order_id,
                    'failure': failed_orders.failure,
                    'issues': traced.codes
                }
            )
        ) as broken_promises
    from scored.failed_orders
    left join traced
        on traced.order_id = failed_orders.order_id
        and traced.failure = failed_orders.failure
    group by failed_orders.customer_id
)
select
    customer.customer_id, -- the stable id of the customer
    customer.display_name, -- the name to print
    coalesce(customer.preferred_name, customer.first_name, customer.display_name) as greeting, -- how to address them
    customer.customer_type, -- person or organization
    customer.email, -- an address that works
    customer.phone, -- a number that works, as E.164
    address.line1, -- where they live: street and number
    address.city, -- city
    address.state, -- state
    address.postal_code, -- postal code
    customer.household_id, -- with whom they live
    coalesce(bought.orders, 0) as orders, -- orders placed
    coalesce(bought.value, 0) as value, -- what they were charged in all
    bought.first_ordered_at, -- first order
    bought.last_ordered_at, -- last order
    coalesce(bought.open_orders, 0) as open_orders, -- orders not yet delivered
    bought.next_promised_at, -- the earliest promise still open
    coalesce(received.parcels, 0) as parcels, -- parcels addressed to them
    coalesce(received.failed_parcels, 0) as failed_parcels, -- of these, damaged or lost
    coalesce(contacted.interactions, 0) as interactions, -- contacts
    contacted.last_contact_at, -- last contact
    round(contacted.satisfaction, 2) as satisfaction, -- mean of what they said, 1 to 5
    customer.accounts, -- accounts that the CRM holds for them
    names.names, -- every name that records have for them, and those they like to be called
    names.preferred as likes_to_be_called, -- the preferred name that was said last, to the CRM or in a contact
    contacts.working_email, -- the valid e-mail of their own that was confirmed last
    contacts.email_confirmed_on, -- the day of it
    contacts.working_phone, -- the valid phone of their own that was confirmed last
    contacts.phone_confirmed_on, -- the day of it
    places.addresses, -- the places they use, by the day of last use: what for is in used_as; more in customer_address
    household.members as household_members, -- how many customers live in the household
    customer_tier.tier, -- the tier, by the rules of the project file
    customer_tier.stage, -- the stage of life: prospect, new, active, lapsing or lost
    customer_tier.recency_days, -- days since the last order that was not cancelled
    customer_tier.value as kept_value, -- what they were charged for orders that were not cancelled
    coalesce(bought.lines, 0) as lines, -- lines of their orders
    coalesce(bought.shipments, 0) as shipments, -- parcels that left for their orders
    coalesce(bought.perfect_orders, 0) as perfect_orders, -- orders that were perfect
    coalesce(bought.failed_orders, 0) as failed_orders, -- orders known not to be; the rest is unknown
    promises.open_promises, -- the orders that are not there yet, by the promised day
    contacted.touchpoints, -- where they met the company; what happened when: customer_timeline
    said.latest_satisfaction, -- what they said last, 1 to 5
    broken.broken_promises, -- their orders that failed, how, and the issues that explain it: quality.attribution
    irregular.irregularities, -- every row that is wrong about them or their orders, with the issue behind it
    quality.contradictions, -- about how many things systems or touchpoints contradict each other
    quality.contradicted, -- about what
    quality.score as data_quality, -- the data-quality score, 0 to 1: its parts are in quality.customer_quality
    quality.standard_met, -- whether every condition of the minimum standard holds, whatever the tier; null where not known
    quality.standard_unmet, -- the conditions that do not: quality.minimum_standard says what they ask
    quality.standard_unknown -- the conditions of which it cannot be known
from mastered.customer
left join mastered.address
    on address.address_id = customer.address_id
left join mastered.household
    on household.household_id = customer.household_id
left join mastered.customer_tier
    on customer_tier.customer_id = customer.customer_id
left join bought
    on bought.customer_id = customer.customer_id
left join contacted
    on contacted.customer_id = customer.customer_id
left join said
    on said.customer_id = customer.customer_id
left join received
    on received.customer_id = customer.customer_id
left join names
    on names.customer_id = customer.customer_id
left join contacts
    on contacts.customer_id = customer.customer_id
left join places
    on places.customer_id = customer.customer_id
left join promises
    on promises.customer_id = customer.customer_id
left join irregular
    on irregular.customer_id = customer.customer_id
left join broken
    on broken.customer_id = customer.customer_id
left join scored.customer_quality as quality
    on quality.customer_id = customer.customer_id
