-- One row is one repair in one night: what it was foretold to bring, and what had come of it by the next time.
select
    before.run_id, -- the run
    before.run_date, -- its date
    before.action_id, -- the repair: action_plan.action_id
    before.code, -- the defect: issues.code
    before.status, -- new, open, worse, better, done or came_back
    before.rows, -- rows to repair; 0 where it is done
    before.failed_orders, -- failed orders that trace to it
    before.money_at_risk, -- the money that hangs on it
    before.priority, -- by which the plan was ranked
    before.overall_score, -- the overall score of that night
    before.predicted_score_gain, -- what repairing all rows was to give back to the overall score; of a done one, foretold the last time
    before.predicted_orders, -- orders that it alone was to make perfect
    case
        when states.action_id is not null and before.status <> 'done' then round(states.arrived_score_gain, 6)
        else before.arrived_score_gain
    end as arrived_score_gain, -- what had come back by the next time; null until then
    case
        when states.action_id is not null and before.status <> 'done' then states.arrived_orders
        else before.arrived_orders
    end as arrived_orders -- of the orders foretold, those that were perfect the next time; null until then
from scored.action_history_before as before
left join scored.action_states as states
    on states.action_id = before.action_id
    and states.last_night = before.run_date
where before.run_date < run_date()
union all
select
    run_id() as run_id,
    run_date() as run_date,
    states.action_id,
    states.code,
    states.status,
    states.rows,
    states.failed_orders,
    cast(states.money_at_risk as decimal(18, 2)) as money_at_risk,
    round(states.priority, 2) as priority,
    scores.score as overall_score,
    round(states.predicted_score_gain, 6) as predicted_score_gain,
    states.predicted_orders,
    cast(null as double) as arrived_score_gain,
    cast(null as bigint) as arrived_orders
from scored.action_states as states
left join scored.scorecard as scores
    on scores.cut = 'overall'
