-- One row is one defect that failed orders trace to; the few that explain most come first, each for what is left.
select
    covered.position as rank, -- 1 explains most failed orders; each next one most of those that are left
    covered.code, -- the defect: issues.code
    issues.title, -- what is wrong
    issues.owner, -- the department that answers for it
    covered.orders, -- failed orders that trace to it
    covered.newly_explained, -- of these, orders that no defect above explains
    covered.explained, -- orders that this defect and those above explain
    totals.failed_orders, -- failed orders in all
    round(cast(covered.explained as double) / totals.failed_orders, 6) as explained_share -- explained, as a share of all
from scored.covered
left join scored.issues
    on issues.code = covered.code
cross join (
    select count(distinct order_id) as failed_orders
    from scored.order_outcomes
    where failure is not null
) as totals
