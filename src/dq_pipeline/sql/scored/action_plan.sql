-- One row is one repair, the most worthwhile first.
with weighed as (
    select
        code,
        title,
        owner,
        severity,
        rows,
        customers,
        orders,
        value_at_risk,
        rows * effort_minutes as effort_minutes,
        remedy,
        (customers + orders + greatest(value_at_risk, 0) / 100 + case severity when 'critical' then 3 when 'warning' then 1 else 0.2 end * rows)
            as harm
    from scored.issues
)
select
    row_number() over (order by harm / effort_minutes * sqrt(harm) desc, code) as rank, -- 1 is to be done first
    code, -- the defect: issues.code
    title, -- what is wrong
    owner, -- the department that repairs it
    severity, -- critical, warning or info
    rows, -- rows to repair
    customers, -- customers hurt
    orders, -- orders hurt
    value_at_risk, -- the money that hangs on them
    cast(effort_minutes as double) as effort_minutes, -- the estimated work, in minutes
    round(cast(harm as double), 2) as harm, -- customers + orders + money / 100 + rows weighed by severity
    remedy -- how it is repaired
from weighed
