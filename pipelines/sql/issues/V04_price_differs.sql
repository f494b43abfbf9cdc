-- one row is the stock of an article at a location that has another price than the catalog, or than another location
with offered as (
    select
        sku,
        min(list_price) as lowest,
        max(list_price) as highest,
        max(cast(valid_from as date)) as since
    from validated.catalog
    where cast(valid_from as date) <= run_date()
        and (valid_to is null or cast(valid_to as date) > run_date())
    group by sku
),
stocked as (
    select
        sku,
        min(list_price) as lowest
    from validated.inventory
    group by sku
)
select
    inventory.source_key as key,
    inventory.record_id,
    cast(null as varchar) as master_id,
    cast(null as varchar) as order_id,
    case
        when offered.sku is null then cast(cast(inventory.list_price as decimal(18, 2)) as varchar) || ', at another location ' || cast(cast(stocked.lowest as decimal(18, 2)) as varchar)
        else cast(cast(inventory.list_price as decimal(18, 2)) as varchar) || ', in the catalog ' || cast(cast(offered.lowest as decimal(18, 2)) as varchar)
    end as detail,
    cast(abs(inventory.list_price - coalesce(offered.lowest, stocked.lowest)) * greatest(inventory.on_hand, 0) as decimal(18, 2)) as value_at_risk,
    offered.since
from validated.inventory
join stocked
    on stocked.sku = inventory.sku
left join offered
    on offered.sku = inventory.sku
where inventory.list_price < coalesce(offered.lowest, stocked.lowest) - 0.01
    or inventory.list_price > coalesce(offered.highest, stocked.lowest) + 0.01
