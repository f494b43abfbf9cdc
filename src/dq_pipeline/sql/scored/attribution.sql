-- One row is one failure of one order and one row with a defect that can have caused it.
with candidates as (
    select
        causes.code,
        causes.failure,
        issue_rows.record_id,
        issue_rows.order_id,
        issue_rows.entity,
        issue_rows.master_id
    from scored.issue_rows
    join scored.causes
        on causes.code = issue_rows.code
),
failed as (
    select
        order_id,
        failure
    from scored.order_outcomes
    where failure is not null
),
matched as (
    select
        failed.order_id,
        failed.failure,
        candidates.code,
        candidates.record_id,
        links.through
    from failed
    join scored.order_links as links
        on links.order_id = failed.order_id
    join candidates
        on candidates.record_id = links.record_id
        and candidates.failure = failed.failure
    where candidates.order_id is null
        or candidates.order_id = failed.order_id
    union all
    select
        failed.order_id,
        failed.failure,
        candidates.code,
        candidates.record_id,
        'order' as through
    from failed
    join candidates
        on candidates.order_id = failed.order_id
        and candidates.failure = failed.failure
    union all
    select
        failed.order_id,
        failed.failure,
        candidates.code,
        candidates.record_id,
        links.through
    from failed
    join scored.order_links as links
        on links.order_id = failed.order_id
    join candidates
        on candidates.entity = links.entity
        and candidates.master_id = links.master_id
        and candidates.failure = failed.failure
    -- What is wrong with one order is no cause of the customer's others.
    where candidates.order_id is null
),
nearest as (
    select
        order_id,
        failure,
        code,
        record_id,
        min(
            case through
                when 'shipment' then 1
                when 'stock' then 2
                when 'order' then 3
                when 'customer' then 4
                when 'address' then 5
            end
        ) as nearness
    from matched
    group by
        order_id,
        failure,
        code,
        record_id
)
select
    order_id, -- the order
    failure, -- how it failed
    code, -- the defect: issues.code
    record_id, -- the record that has it: issue_rows.record_id
    case nearness
        when 1 then 'shipment'
        when 2 then 'stock'
        when 3 then 'order'
        when 4 then 'customer'
        when 5 then 'address'
        else 'other'
    end as through -- how the record is tied to the order: shipment, stock, order, customer or address
from nearest
