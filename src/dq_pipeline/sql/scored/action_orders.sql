-- One row is a failed order that one repair alone would make perfect, as foreseen tonight or the night before.
with failures as (
    select
        order_id,
        count(*) as failures
    from scored.order_outcomes
    where failure is not null
    group by order_id
),
causes as (
    select
        order_id,
        failure,
        min(code) as code,
        count(distinct code) as codes
    from scored.attribution
    group by
        order_id,
        failure
),
alone as (
    select
        causes.order_id,
        min(causes.code) as code
    from causes
    join failures
        on failures.order_id = causes.order_id
    where causes.codes = 1
    group by causes.order_id
    having count(*) = min(failures.failures)
        and count(distinct causes.code) = 1
),
last_night as (
    select max(run_date) as run_date
    from scored.action_orders_before
    where run_date < run_date()
)
select
    before.run_id, -- the run that foresaw it
    before.run_date, -- its date
    before.action_id, -- the repair: action_plan.action_id
    before.code, -- the defect: issues.code
    before.order_id -- the order, all of whose failures trace to this defect and to no other
from scored.action_orders_before as before
join last_night
    on last_night.run_date = before.run_date
union all
select
    run_id() as run_id,
    run_date() as run_date,
    'ACT-' || upper(left(md5(code), 8)) as action_id,
    code,
    order_id
from alone
