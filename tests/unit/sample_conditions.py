"""What every planted code of the sample means, as SQL on the files alone: independent of the pipeline's own checks."""

SOURCES = {
    "crm_customers": "customer_id", "crm_interactions": "interaction_id", "orders": "order_id",
    "order_lines": "order_id, line_no", "inventory": "sku, location", "catalog": "sku, valid_from",
    "shipments": "shipment_id", "shipment_lines": "shipment_id, line_no",
}  # fmt: skip
STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI"
)
MACROS = r"""
create macro as_of() as date '2026-11-20';
create macro stamp(x) as try_strptime(x, '%Y-%m-%d %H:%M:%S');
create macro num(x) as try_cast(x as decimal(18, 4));
create macro is_us(x) as x in ('US', 'USA');
create macro bad_email(x) as not regexp_full_match(x, '[^@\s]+@[^@\s]+\.[A-Za-z]{2,}');
create macro number_part(x) as regexp_replace(x, '\s*(x|ext\.?)\s*\d+$', '');
create macro digits(x) as regexp_replace(number_part(x), '\D', '', 'g');
create macro bad_phone(x) as regexp_matches(number_part(x), '[A-Za-z]')
    or regexp_full_match(digits(x), '0+|1+|2+|3+|4+|5+|6+|7+|8+|9+')
    or not (length(digits(x)) = 10 or (length(digits(x)) = 11 and digits(x)[1] = '1')
            or (x[1] = '+' and length(digits(x)) between 8 and 15));
create macro birth(x) as coalesce(try_strptime(x, '%Y-%m-%d'), try_strptime(x, '%m/%d/%Y'), try_strptime(x, '%d/%m/%Y'),
                                  try_strptime(x, '%d-%b-%Y'))::date;
create macro is_placeholder(x) as coalesce(upper(trim(x)) in ('N/A', 'UNKNOWN', 'TEST', 'XXX'), false);
create view lines as
    select * from order_lines where num(quantity) > 0 and num(unit_price) >= 0
    qualify row_number() over (partition by order_id, line_no order by line_number) = 1;
create view parcels as
    select * from shipments where shipment_id is not null
    qualify row_number() over (partition by shipment_id order by line_number) = 1;
create view packed as
    select * from shipment_lines where num(quantity) > 0
    qualify row_number() over (partition by shipment_id, line_no order by line_number) = 1;
create view known_orders as
    select * from orders where order_id is not null
    qualify row_number() over (partition by order_id order by line_number) = 1;
create view offers as select sku, num(list_price) as price, stamp(valid_from) as since,
    coalesce(stamp(valid_to), timestamp '9999-01-01') as until, num(available) as available, discontinued from catalog;
create view sold as
    select l.*, o.customer_id, o.status, stamp(o.ordered_at) as at from lines l join known_orders o using (order_id)
    where o.status in ('open', 'shipped', 'delivered') and num(o.order_total) >= 0 and stamp(o.ordered_at) is not null;
create view stocked as
    select * from inventory qualify row_number() over (partition by sku, location order by stamp(counted_at) desc) = 1;
create view counted as
    select sku, max(stamp(counted_at)) as at, sum(num(on_hand) - num(allocated)) as available from stocked
    group by sku having count(num(on_hand)) = count(*) and bool_and(coalesce(num(list_price) > 0, false));
create view waiting as
    select s.*, c.available - coalesce(sum(num(s.quantity)) over (
        partition by s.sku order by s.at, s.order_id, s.line_no
        rows between unbounded preceding and 1 preceding), 0) as rest
    from sold s join counted c on c.sku = s.sku and s.at > c.at;
create view contents as
    select order_id, list_sort(list(sku || ' ' || quantity)) as content from order_lines group by order_id;
create view sent as
    select p.*, s.status = 'lost' or coalesce(s.condition = 'damaged', false) as is_gone, num(l.quantity) as ordered,
        coalesce(sum(case when s.status = 'lost' or s.condition = 'damaged' then 0 else num(p.quantity) end) over (
            partition by p.order_id, p.line_no, p.sku order by stamp(s.shipped_at), p.shipment_id
            rows between unbounded preceding and 1 preceding), 0) as before
    from packed p join parcels s using (shipment_id)
    join lines l on l.order_id = p.order_id and l.line_no = p.line_no and l.sku = p.sku;
"""


def word_differs(field: str) -> str:
    """The last word of a touchpoint that is not the customer's newest one."""
    return f"""{field} is not null and not exists (from crm_interactions i where i.customer_id = t.customer_id
            and i.{field} is not null and i.touchpoint = t.touchpoint and stamp(i.occurred_at) > stamp(t.occurred_at))
        and t.{field} <> (select arg_max(i.{field}, stamp(i.occurred_at)) from crm_interactions i
            where i.customer_id = t.customer_id)"""


# Each condition is read as: select line_number from <source> t where <condition>
CONDITIONS = {
    "crm_customers": {
        "missing_key": "customer_id is null",
        "bad_customer_type": "customer_type not in ('person', 'organization')",
        "missing_name": "coalesce(full_name, first_name, last_name) is null",
        "bad_created_at": "created_at is not null and stamp(created_at) is null",
        "future_created_at": "stamp(created_at)::date > as_of()",
        "updated_before_created": "stamp(updated_at) < stamp(created_at)",
        "bad_email": "bad_email(email)",
        "bad_phone": "bad_phone(phone)",
        "bad_birth_date": """date_of_birth is not null and (birth(date_of_birth) is null
            or birth(date_of_birth) > as_of() or birth(date_of_birth) < date '1900-01-02')""",
        "placeholder_value": "is_placeholder(full_name) or is_placeholder(first_name) or is_placeholder(last_name)",
        "bad_state": f"is_us(country) and not list_contains(string_split('{STATES}', ' '), state)",
        "bad_postal_code": r"is_us(country) and not regexp_full_match(postal_code, '\d{5}(-\d{4})?')",
        "missing_contact": "email is null and phone is null",
    },
    "crm_interactions": {
        "missing_key": "interaction_id is null",
        "unknown_touchpoint": "touchpoint not in ('web', 'phone', 'store', 'warehouse', 'delivery', 'support')",
        "bad_satisfaction": "satisfaction not in ('1', '2', '3', '4', '5')",
        "future_occurred_at": "stamp(occurred_at)::date > as_of()",
        "unknown_customer": "not exists (from crm_customers c where c.customer_id = t.customer_id)",
        "preferred_name_differs": word_differs("preferred_name"),
        "language_differs": word_differs("language"),
        "consent_differs": word_differs("consent"),
    },
    "orders": {
        "missing_key": "order_id is null",
        "bad_status": "status not in ('open', 'shipped', 'delivered', 'cancelled')",
        "bad_total": "coalesce(num(order_total) < 0, true)",
        "bad_ordered_at": "stamp(ordered_at) is null",
        "promised_before_ordered": "stamp(promised_at) < stamp(ordered_at)",
        "missing_ship_to": "ship_to_line1 is null",
        "bad_email": "bad_email(email)",
        "bad_phone": "bad_phone(phone)",
        "unknown_customer": """customer_id is not null
            and not exists (from crm_customers c where c.customer_id = t.customer_id)""",
        "order_total_mismatch": """num(order_total) >= 0 and abs(num(order_total)
            - (select sum(num(quantity) * num(unit_price)) from lines l where l.order_id = t.order_id)) > 0.01""",
        "order_without_lines": """order_id is not null
            and not exists (from order_lines l where l.order_id = t.order_id)""",
        "past_promise_unshipped": """status = 'open' and stamp(promised_at) < as_of()
            and not exists (from shipments s where s.order_id = t.order_id)""",
        "missing_contact": "email is null and phone is null",
        "missing_customer_name": "customer_name is null",
        "missing_ship_to_name": "ship_to_name is null",
        "order_without_customer": "coalesce(customer_id, customer_name, email, phone) is null",
        "duplicate_order": """status <> 'cancelled' and exists (from known_orders o, contents a, contents b
            where a.order_id = o.order_id and b.order_id = t.order_id and a.content = b.content
                and o.order_id <> t.order_id and o.customer_id = t.customer_id and o.status <> 'cancelled'
                and o.ship_to_line1 = t.ship_to_line1
                and stamp(t.ordered_at) - stamp(o.ordered_at) between interval 0 second and interval 1 day)""",
    },
    "order_lines": {
        "bad_quantity": "coalesce(num(quantity) <= 0, true)",
        "bad_price": "coalesce(num(unit_price) < 0, true)",
        "missing_sku": "sku is null",
        "orphan_line": "not exists (from orders o where o.order_id = t.order_id)",
        "unknown_sku": "sku is not null and not exists (from inventory i where i.sku = t.sku)",
        "price_not_list": """num(unit_price) >= 0 and exists (from sold s, offers p
            where s.order_id = t.order_id and s.line_no = t.line_no and s.line_number = t.line_number
                and p.sku = t.sku and s.at >= p.since and s.at < p.until
                and abs(p.price - num(t.unit_price)) > 0.01)""",
        "oversold": "line_number in (select line_number from waiting where rest > 0 and num(quantity) > rest)",
        "sold_out_of_stock": "line_number in (select line_number from waiting where rest <= 0)",
        "sold_discontinued": """exists (from sold s, offers p where s.line_number = t.line_number
            and p.sku = t.sku and s.at >= p.since and s.at < p.until and p.discontinued = 'true')""",
    },
    "inventory": {
        "bad_number": "num(on_hand) is null",
        "bad_list_price": "coalesce(num(list_price) <= 0, true)",
        "negative_stock": "num(on_hand) < 0",
        "over_allocated": "num(on_hand) >= 0 and num(allocated) > num(on_hand)",
        "stock_roll_forward": "num(opening_on_hand) + num(received) - num(shipped) + num(adjusted) <> num(on_hand)",
        "price_differs": """exists (from offers p where p.sku = t.sku and p.until > as_of()
            and num(t.list_price) > 0 and abs(p.price - num(t.list_price)) > 0.01)""",
        "stale_count": "stamp(counted_at)::date < as_of() - 90",
    },
    "catalog": {
        "stock_differs": """valid_to is null
            and exists (from counted c where c.sku = t.sku and greatest(c.available, 0) <> num(t.available))""",
    },
    "shipments": {
        "missing_key": "shipment_id is null",
        "bad_status": "status not in ('in_transit', 'delivered', 'lost')",
        "bad_shipped_at": "stamp(shipped_at) is null",
        "shipment_without_order": "not exists (from orders o where o.order_id = t.order_id)",
        "shipped_before_ordered": """exists (from known_orders o where o.order_id = t.order_id
            and stamp(t.shipped_at) < stamp(o.ordered_at))""",
        "delivered_before_shipped": "stamp(delivered_at) < stamp(shipped_at)",
        "late_delivery": """exists (from known_orders o where o.order_id = t.order_id
            and stamp(t.delivered_at)::date > stamp(o.promised_at)::date)""",
        "delivered_order_open": """status = 'delivered'
            and exists (from known_orders o where o.order_id = t.order_id and o.status = 'open')""",
        "ship_to_mismatch": r"""exists (from known_orders o where o.order_id = t.order_id
            and o.ship_to_line1 is not null and (left(o.ship_to_postal_code, 5) <> left(t.postal_code, 5)
                 or regexp_extract(o.ship_to_line1, '^\d+') <> regexp_extract(t.line1, '^\d+')))""",
        "tracking_reused": """exists (from shipments s where s.tracking_number = t.tracking_number
            and s.shipment_id <> t.shipment_id)""",
    },
    "shipment_lines": {
        "bad_quantity": "coalesce(num(quantity) <= 0, true)",
        "missing_sku": "sku is null",
        "shipped_sku_not_ordered": """sku is not null
            and not exists (from order_lines l where l.order_id = t.order_id and l.sku = t.sku)""",
        "shipped_quantity_mismatch": """(order_id, line_no) in (
            select (p.order_id, p.line_no) from sent p join known_orders o on o.order_id = p.order_id
            group by p.order_id, p.line_no, p.ordered, o.status
            having sum(num(p.quantity)) filter (not is_gone and before < ordered) > p.ordered
                or (o.status = 'delivered' and sum(num(p.quantity)) < p.ordered))""",
        "line_shipped_twice": "line_number in (select line_number from sent where not is_gone and before >= ordered)",
    },
}  # fmt: skip
