-- One row is the card of a customer: what whoever talks to them must know, with the newest of what happened.
with happened as (
    select
        customer_id,
        happened_at,
        kind,
        touchpoint,
        order_id,
        reference,
        what,
        satisfaction,
        row_number() over (
            partition by customer_id
            order by happened_at desc, kind, reference
        ) as choice
    from mastered.customer_timeline
    where kind in ('ordered', 'arrived', 'received', 'contact')
        and happened_at < run_date() + interval 1 day
),
lasts as (
    select
        customer_id,
        list_reverse_sort(
            list(
                {
                    'happened_at': happened_at,
                    'touchpoint': touchpoint,
                    'kind': kind,
                    'reference': reference,
                    'what': what,
                    'satisfaction': satisfaction
                }
            )
        ) as last_contacts
    from happened
    where choice <= 8
    group by customer_id
),
wishes as (
    select
        customer_id,
        max(case when preference = 'language' and touchpoint = newest_touchpoint then value end) as language,
        max(case when preference = 'consent' and touchpoint = newest_touchpoint then value end) as wants_advertising
    from mastered.customer_preference
    group by customer_id
),
homes as (
    select
        members.household_id,
        list_sort(list({'name': customer.display_name, 'customer_id': customer.customer_id})) as persons
    from mastered.household_member as members
    join mastered.customer
        on customer.customer_id = members.customer_id
    group by members.household_id
),
promised as (
    select
        customer_id,
        list_sort(
            list(
                {
                    'promised_on': cast(promised_at as date),
                    'order_id': order_id,
                    'ordered_on': cast(ordered_at as date),
                    'status': status,
                    'total': order_total,
                    'beware': nullif(
                        concat_ws(
                            ', ',
                            case when is_overdue then 'overdue' end,
                            case when oversold then 'oversold' end,
                            case when misdelivery_risk then 'may go to somebody else' end
                        ),
                        ''
                    )
                }
            )
        ) as open_orders
    from mastered.order_service
    where status in ('open', 'shipped')
        and in_full is distinct from true
    group by customer_id
),
wrong as (
    select
        issue_rows.master_id as customer_id,
        list_reverse_sort(
            list(
                {
                    'since': issue_rows.since,
                    'what': issues.title,
                    'detail': issue_rows.detail,
                    'order_id': issue_rows.order_id,
                    'code': issue_rows.code
                }
            )
        ) as irregularities
    from scored.issue_rows
    join scored.issues
        on issues.code = issue_rows.code
    where issue_rows.entity = 'customer'
        and issue_rows.master_id is not null
    group by issue_rows.master_id
)
select
    whole.customer_id, -- the stable id of the customer: customer.customer_id
    whole.display_name as name, -- the name to print
    concat_ws(', ', nullif(concat_ws(' ', whole.city, whole.state), ''), whole.phone, whole.tier) as brief, -- what tells them from a namesake, on one line
    whole.greeting as likes_to_be_called, -- how to address them
    whole.customer_type, -- person or organization
    whole.tier, -- the tier, by the rules of the project file
    whole.stage, -- the stage of life: prospect, new, active, lapsing or lost
    whole.working_phone as phone, -- the valid phone of their own that was confirmed last
    whole.phone_confirmed_on, -- the day of it
    whole.working_email as email, -- the valid e-mail of their own that was confirmed last
    whole.email_confirmed_on, -- the day of it
    nullif(concat_ws(', ', whole.line1, whole.city, nullif(concat_ws(' ', whole.state, whole.postal_code), '')), '') as lives_at, -- the place in one line
    customer.birth_date, -- date of birth, to tell namesakes apart
    wishes.language, -- the language they want, if that was said
    wishes.wants_advertising, -- yes or no, if that was said
    homes.persons as household, -- who lives there, this customer too
    whole.orders, -- orders placed
    whole.kept_value as value, -- what they were charged for orders that were not cancelled
    cast(whole.last_ordered_at as date) as last_ordered_on, -- the day of the last order
    whole.latest_satisfaction, -- what they said last, 1 to 5
    promised.open_orders, -- orders that are not there yet, by the promised day
    lasts.last_contacts, -- the last eight things that happened with them, the newest first; all: customer_timeline
    wrong.irregularities, -- every row that is wrong about them or their orders, the newest first
    whole.contradicted as contradictions -- about what systems or touchpoints contradict each other
from mastered.customer_360 as whole
join mastered.customer
    on customer.customer_id = whole.customer_id
left join lasts
    on lasts.customer_id = whole.customer_id
left join wishes
    on wishes.customer_id = whole.customer_id
left join homes
    on homes.household_id = whole.household_id
left join promised
    on promised.customer_id = whole.customer_id
left join wrong
    on wrong.customer_id = whole.customer_id
