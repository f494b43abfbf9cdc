-- One row is one metric of service, of all that was measured or of one value of a cut; unknown is never counted as good.
with rated as (
    select
        measured.metric,
        measured."by",
        measured.value_of,
        measured.good,
        measured.bad,
        measured.unknown,
        declared.title,
        declared.unit,
        declared.rate_of,
        declared.target,
        declared.place,
        case
            when measured.good + measured.bad = 0 then null
            when declared.rate_of = 'bad' then cast(measured.bad as double) / (measured.good + measured.bad)
            else cast(measured.good as double) / (measured.good + measured.bad)
        end as rate
    from scored.measured
    join scored.declared_metrics as declared
        on declared.metric = measured.metric
)
select
    run_id() as run_id, -- the run
    metric, -- the metric: its definition is in docs/service-metrics.md
    title, -- what it says, in a sentence
    unit, -- what is counted
    "by", -- all, or the column that it is cut by
    value_of, -- all, or the value of that column; unknown where the thing has none
    good, -- how many kept the promise
    bad, -- how many broke it
    unknown, -- how many are not yet due or cannot be known; not in the rate
    round(rate, 6) as rate, -- the share of the good, or of the bad as rate_of says, in what is known; null where nothing is
    rate_of, -- good: the higher the better; bad: the lower the better
    target, -- what the rate should reach, or of the bad should not exceed; null where the project names none
    case
        when target is null then 'no target'
        when rate is null then 'unknown'
        when rate_of = 'bad' and rate <= target then 'met'
        when rate_of = 'good' and rate >= target then 'met'
        else 'missed'
    end as status, -- met, missed, unknown or no target
    place -- the metric's place in the project file
from rated
