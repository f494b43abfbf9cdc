-- One row is one customer: how good the data about them is, and which conditions of the minimum standard they are not granted.
with things as (
    select
        customer_id,
        count(*) as things
    from (
        select customer_id
        from mastered.customer_records
        union all
        select customer_id
        from mastered.order_lines
        union all
        select customer_id
        from mastered.interactions
    ) as all_things
    where customer_id is not null
    group by customer_id
),
faulty as (
    select
        issue_rows.master_id as customer_id,
        declared_issues.dimension,
        count(distinct issue_rows.record_id) as records
    from scored.issue_rows
    join scored.declared_issues
        on declared_issues.code = issue_rows.code
    where issue_rows.entity = 'customer'
        and issue_rows.master_id is not null
    group by
        issue_rows.master_id,
        declared_issues.dimension
),
faults as (
    select
        customer_id,
        sum(records) as issues,
        max(case when dimension = 'validity' then records else 0 end) as validity,
        max(case when dimension = 'consistency' then records else 0 end) as consistency,
        max(case when dimension = 'accuracy' then records else 0 end) as accuracy
    from faulty
    group by customer_id
),
contradicted as (
    select
        issue_rows.master_id as customer_id,
        list_sort(list(distinct contradictions.about)) as about
    from scored.issue_rows
    join lookup.contradictions
        on contradictions.code = issue_rows.code
    where issue_rows.entity = 'customer'
        and issue_rows.master_id is not null
    group by issue_rows.master_id
),
ordered as (
    select
        customer_id,
        max(cast(ordered_at as date)) as heard_on
    from mastered.orders
    where customer_id is not null
    group by customer_id
),
contacted as (
    select
        customer_id,
        max(cast(occurred_at as date)) as heard_on
    from mastered.interactions
    where customer_id is not null
    group by customer_id
),
unmet as (
    select
        member_id as customer_id,
        list_sort(list(condition)) as conditions
    from scored.standard_rows
    where not met
    group by member_id
),
not_known as (
    select
        member_id as customer_id,
        list_sort(list(condition)) as conditions
    from scored.standard_rows
    where met is null
    group by member_id
),
parts as (
    select
        customer.customer_id,
        (
            case when coalesce(customer.display_name, customer.organization_name) is not null then 1.0 else 0.0 end
            + case when customer.email is not null then 1.0 else 0.0 end
            + case when customer.phone is not null then 1.0 else 0.0 end
            + case when address.is_deliverable or address.country <> 'US' then 1.0 else 0.0 end
        ) / 4 as completeness,
        greatest(1 - coalesce(faults.validity, 0) * 1.0 / greatest(coalesce(things.things, 0), 1), 0) as validity,
        1.0 / greatest(customer.accounts, 1) as uniqueness,
        greatest(1 - coalesce(faults.consistency, 0) * 1.0 / greatest(coalesce(things.things, 0), 1), 0) as consistency,
        case
            when date_diff('day', greatest(cast(customer.updated_at as date), ordered.heard_on, contacted.heard_on), run_date()) <= lifecycle.active_days
                then 1.0
            when date_diff('day', greatest(cast(customer.updated_at as date), ordered.heard_on, contacted.heard_on), run_date()) <= lifecycle.lapsing_days
                then 0.5
            else 0.0
        end as timeliness,
        greatest(1 - coalesce(faults.accuracy, 0) * 1.0 / greatest(coalesce(things.things, 0), 1), 0) as accuracy,
        coalesce(faults.issues, 0) as issues,
        contradicted.about,
        customer.accounts > 0 or customer.is_buyer as is_held,
        unmet.conditions as unmet,
        not_known.conditions as unknown
    from mastered.customer
    cross join mastered.declared_lifecycle as lifecycle
    left join mastered.address
        on address.address_id = customer.address_id
    left join things
        on things.customer_id = customer.customer_id
    left join faults
        on faults.customer_id = customer.customer_id
    left join contradicted
        on contradicted.customer_id = customer.customer_id
    left join ordered
        on ordered.customer_id = customer.customer_id
    left join contacted
        on contacted.customer_id = customer.customer_id
    left join unmet
        on unmet.customer_id = customer.customer_id
    left join not_known
        on not_known.customer_id = customer.customer_id
),
weights as (
    select
        max(case when dimension = 'completeness' then weight end) as completeness,
        max(case when dimension = 'validity' then weight end) as validity,
        max(case when dimension = 'uniqueness' then weight end) as uniqueness,
        max(case when dimension = 'consistency' then weight end) as consistency,
        max(case when dimension = 'timeliness' then weight end) as timeliness,
        max(case when dimension = 'accuracy' then weight end) as accuracy
    from mastered.declared_weights
)
select
    parts.customer_id, -- who: customer.customer_id
    round(
        cast(
            (
                parts.completeness * weights.completeness
                + parts.validity * weights.validity
                + parts.uniqueness * weights.uniqueness
                + parts.consistency * weights.consistency
                + parts.timeliness * weights.timeliness
                + parts.accuracy * weights.accuracy
            ) / (
                weights.completeness + weights.validity + weights.uniqueness + weights.consistency + weights.timeliness + weights.accuracy
            ) as double
        ),
        4
    ) as score, -- the data-quality score, 0 to 1: the mean of the six parts, weighed as `scores.weights` in the project file
    round(cast(parts.completeness as double), 4) as completeness, -- how many of name, e-mail, phone and deliverable place are known, of four
    round(cast(parts.validity as double), 4) as validity, -- records, lines and contacts without an issue of validity, as a share
    round(cast(parts.uniqueness as double), 4) as uniqueness, -- 1 by the number of accounts
    round(cast(parts.consistency as double), 4) as consistency, -- as validity, of consistency
    round(cast(parts.timeliness as double), 4) as timeliness, -- 1 when heard of within the days of active, 0.5 of lapsing, else 0
    round(cast(parts.accuracy as double), 4) as accuracy, -- as validity, of accuracy
    cast(parts.issues as bigint) as issues, -- rows with an issue that concern them: issue_rows.master_id
    coalesce(len(parts.about), 0) as contradictions, -- about how many things systems or touchpoints contradict each other
    parts.about as contradicted, -- about what; null where about nothing
    case
        when parts.unmet is not null then false
        when parts.is_held and parts.unknown is null then true
    end as standard_met, -- whether every condition holds; null: one is unknown, or they have neither account nor order and are not held to it
    parts.unmet as standard_unmet, -- conditions of minimum_standard that do not hold
    parts.unknown as standard_unknown -- conditions of which it cannot be known
from parts
cross join weights
