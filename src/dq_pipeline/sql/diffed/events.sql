-- one row is what happened to a master: created, retired, merged, split, or some of its records moved to another one
with before as (
    select distinct
        entity,
        master_id
    from diffed.flows
    where master_id is not null
),
after as (
    select distinct
        entity,
        into_master_id as master_id
    from diffed.flows
    where into_master_id is not null
),
passed_on as (
    select
        flows.entity,
        flows.master_id,
        flows.into_master_id,
        flows.records,
        lives_on.master_id is not null as lives_on,
        was_there.master_id is not null as was_there,
        row_number() over (
            partition by flows.entity, flows.master_id
            order by flows.records desc, flows.into_master_id
        ) as choice
    from diffed.flows
    left join after as lives_on
        on lives_on.entity = flows.entity
        and lives_on.master_id = flows.master_id
    left join before as was_there
        on was_there.entity = flows.entity
        and was_there.master_id = flows.into_master_id
    where flows.master_id is not null
        and flows.into_master_id is not null
),
heirs as (
    select distinct
        entity,
        into_master_id as master_id
    from passed_on
),
givers as (
    select distinct
        entity,
        master_id
    from passed_on
)
select
    entity,
    case
        when not lives_on and choice = 1 then 'merged'
        when was_there then 'moved'
        else 'split'
    end as event,
    master_id,
    into_master_id,
    records,
    cast(0 as bigint) as kept_out
from passed_on
where master_id <> into_master_id
union all
select
    flows.entity,
    'created' as event,
    cast(null as varchar) as master_id,
    flows.into_master_id,
    flows.records,
    cast(0 as bigint) as kept_out
from diffed.flows
join after
    on after.entity = flows.entity
    and after.master_id = flows.into_master_id
left join before
    on before.entity = flows.entity
    and before.master_id = flows.into_master_id
left join heirs
    on heirs.entity = flows.entity
    and heirs.master_id = flows.into_master_id
where flows.master_id is null
    and before.master_id is null
    and heirs.master_id is null
union all
select
    flows.entity,
    'retired' as event,
    flows.master_id,
    cast(null as varchar) as into_master_id,
    flows.records,
    flows.kept_out
from diffed.flows
left join after
    on after.entity = flows.entity
    and after.master_id = flows.master_id
left join givers
    on givers.entity = flows.entity
    and givers.master_id = flows.master_id
where flows.into_master_id is null
    and after.master_id is null
    and givers.master_id is null
