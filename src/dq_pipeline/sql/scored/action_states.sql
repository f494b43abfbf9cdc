-- one row is one repair as it stands tonight, beside what was said of it the last time
with before as (
    select
        action_id,
        code,
        run_date,
        status,
        rows,
        predicted_score_gain,
        predicted_orders
    from scored.action_history_before
    where run_date < run_date()
),
seen as (
    select
        action_id,
        min(run_date) as first_seen,
        max(case when status <> 'done' then run_date end) as last_seen,
        sum(case when status <> 'done' then 1 else 0 end) as nights,
        max(run_date) as last_night
    from before
    group by action_id
),
last_time as (
    select
        before.action_id,
        before.code,
        before.status,
        before.rows,
        before.predicted_score_gain,
        before.predicted_orders,
        seen.first_seen,
        seen.last_seen,
        seen.nights,
        seen.last_night
    from before
    join seen
        on seen.action_id = before.action_id
        and seen.last_night = before.run_date
),
arrived as (
    select
        foreseen.code,
        count(*) as orders
    from scored.action_orders as foreseen
    join (
        select distinct order_id
        from scored.order_outcomes
        where is_perfect
    ) as perfect
        on perfect.order_id = foreseen.order_id
    where foreseen.run_date < run_date()
    group by foreseen.code
),
tonight as (
    select
        declared.code,
        'ACT-' || upper(left(md5(declared.code), 8)) as action_id,
        figures.rows,
        figures.customers,
        figures.orders,
        figures.failed_orders,
        figures.money_at_risk,
        figures.effort_minutes,
        figures.hurt,
        figures.hurt * (1 + figures.money_at_risk / figures.money_unit) as harm,
        figures.loss,
        figures.perfect_orders
    from scored.declared_issues as declared
    left join scored.action_figures as figures
        on figures.code = declared.code
)
select
    tonight.action_id,
    tonight.code,
    case
        when tonight.rows is null then 'done'
        when last_time.action_id is null then 'new'
        when last_time.status = 'done' then 'came_back'
        when tonight.rows > last_time.rows then 'worse'
        when tonight.rows < last_time.rows then 'better'
        else 'open'
    end as status,
    coalesce(last_time.first_seen, run_date()) as first_seen,
    case when tonight.rows is null then last_time.last_seen else run_date() end as last_seen,
    coalesce(last_time.nights, 0) + case when tonight.rows is null then 0 else 1 end as nights,
    last_time.last_night,
    coalesce(tonight.rows, 0) as rows,
    case when last_time.status <> 'done' then last_time.rows end as rows_before,
    coalesce(tonight.customers, 0) as customers,
    coalesce(tonight.orders, 0) as orders,
    coalesce(tonight.failed_orders, 0) as failed_orders,
    coalesce(tonight.money_at_risk, 0) as money_at_risk,
    coalesce(tonight.effort_minutes, 0) as effort_minutes,
    coalesce(tonight.hurt, 0) as hurt,
    coalesce(tonight.harm, 0) as harm,
    coalesce(60 * tonight.harm / tonight.effort_minutes, 0) as priority,
    case when tonight.rows is null then last_time.predicted_score_gain else tonight.loss end as predicted_score_gain,
    case when tonight.rows is null then last_time.predicted_orders else tonight.perfect_orders end as predicted_orders,
    case when last_time.status <> 'done' then last_time.predicted_score_gain - coalesce(tonight.loss, 0) end as arrived_score_gain,
    case when last_time.status <> 'done' then coalesce(arrived.orders, 0) end as arrived_orders
from tonight
left join last_time
    on last_time.action_id = tonight.action_id
left join arrived
    on arrived.code = tonight.code
where tonight.rows is not null
    or last_time.status <> 'done'
