-- one row is an entity whose weights are not those of the earlier night
with differing as (
    (
        select
            entity,
            comparison,
            level,
            m,
            u
        from earlier.ops.model
        except
        select
            entity,
            comparison,
            level,
            m,
            u
        from later.ops.model
    )
    union all
    (
        select
            entity,
            comparison,
            level,
            m,
            u
        from later.ops.model
        except
        select
            entity,
            comparison,
            level,
            m,
            u
        from earlier.ops.model
    )
)
select
    entity,
    count(*) as levels
from differing
group by entity
