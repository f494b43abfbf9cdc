-- One row is one repair, the most worthwhile first; its rows are those of issue_rows with its code (docs/action-plan.md).
select
    row_number() over (
        order by
            case states.status when 'done' then 1 else 0 end,
            states.priority desc,
            states.code
    ) as rank, -- 1 is to be done first; what is done comes last
    states.action_id, -- the stable id of the repair, the same every night
    states.code, -- the defect: issues.code, issue_rows.code
    declared.title, -- what is wrong
    declared.owner, -- the department that repairs it
    declared.touchpoint, -- where the customer meets it
    declared.dimension, -- completeness, validity, uniqueness, consistency, timeliness or accuracy
    declared.severity, -- critical, warning or info
    states.status, -- new, open (as many rows as the last time), worse, better, done (gone since the last night) or came_back
    states.first_seen, -- the first night that had it
    states.last_seen, -- the last night that had it
    cast(states.nights as integer) as nights, -- in how many nights it was there
    states.rows, -- rows to repair
    states.rows_before, -- rows the last time
    states.customers, -- customers hurt: of its rows, and of the failed orders that trace to it
    states.orders, -- orders hurt: of its rows, and failed ones that trace to it
    states.failed_orders, -- failed orders that trace to it: attribution
    coalesce(issues.value_at_risk, 0) as value_at_risk, -- the money that hangs on its rows
    cast(states.money_at_risk as decimal(18, 2)) as money_at_risk, -- that, and what the failures that trace to it cost
    cast(states.effort_minutes as double) as effort_minutes, -- the estimated work, in minutes
    round(cast(states.hurt as double), 2) as hurt, -- customers and orders weighed by tier, and rows by severity
    round(cast(states.harm as double), 2) as harm, -- hurt, grown by the money at risk
    round(cast(states.priority as double), 2) as priority, -- harm for an hour of work
    round(states.predicted_score_gain, 6) as predicted_score_gain, -- what repairing all rows gives back to the overall score; of a done one, foretold the last time
    round(states.arrived_score_gain, 6) as arrived_score_gain, -- what has come back since the last time
    states.predicted_orders, -- failed orders that this repair alone makes perfect: action_orders; of a done one, foretold the last time
    states.arrived_orders, -- of the orders foretold the last time, those that are perfect now
    declared.remedy -- how it is repaired
from scored.action_states as states
join scored.declared_issues as declared
    on declared.code = states.code
left join scored.issues
    on issues.code = states.code
