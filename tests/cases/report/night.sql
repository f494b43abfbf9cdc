-- The tables that a whole night leaves, small, with hostile texts and four known people in every place that may hold them.
create table raw.crm_customers as
select *
from (
    values
    ('crm_customers:C1', 'C1', 'Wilhelmina Featherstone', 'w.featherstone@posteo.example', '(859) 704-1400', '1984-03-09', '283 Kinnaird Lane', 'Louisville', '40243'),
    ('crm_customers:C2', 'C2', 'Wilhelmina J. Featherstone', 'wilma@featherstone.example', '859.704.1400', '09/03/1984', '283  kinnaird lane', 'Louisville', '40243'),
    ('crm_customers:C3', 'C3', '<script>alert("Bartholomew Quillfeather")</script>', '"><img src=x onerror=alert(1)>@evil.example', '=HYPERLINK("http://evil.example","x")', '1979-12-31', '1 "Elm" <b>Street</b>', 'O''Fallon', '63366'),
    ('crm_customers:C4', 'C4', 'גלעד אברמוביץ׳', 'gilad@avramovitz.example', '+972 54 123 4567', '1990-01-02', '12 ' || chr(8238) || 'teerts neddih', 'Haïfa', '3303101')
) as people(record_id, source_key, full_name, email, phone, date_of_birth, address_line1, city, postal_code);

create table raw.unparsed as
select
    'orders' as source,
    'orders.csv' as source_file,
    line as line_number,
    'unclosed quote after Wilhelmina Featherstone' as reason,
    'Wilhelmina Featherstone,w.featherstone@posteo.example,283 Kinnaird Lane' as text
from generate_series(7, 40) as lines(line);

create table standardized.customer as
select
    record_id,
    'crm_customers' as source,
    source_key,
    full_name,
    lower(full_name) as name_key,
    email,
    phone,
    cast(null as date) as birth_date,
    address_line1,
    city,
    postal_code
from raw.crm_customers;

create table mastered.customer_golden as
select
    'CUS-1' as customer_id,
    full_name,
    email,
    phone,
    birth_date,
    address_line1,
    city,
    postal_code,
    2 as records
from standardized.customer;

create table mastered.customer_records as
select
    'CUS-1' as customer_id,
    customer.*,
    'ADR-' || source_key as address_id
from standardized.customer;

create table mastered.xref as
select
    'customer' as entity,
    case when id % 3 = 0 then 'orders' else 'crm_customers' end as source,
    'C' || id as source_key,
    'crm_customers:C' || id as record_id,
    'CUS-' || upper(left(md5(cast(case when id < 60 then id // 30 else id // 2 end as varchar)), 16)) as master_id,
    case when id < 60 then 'same e-mail' when id % 2 = 0 then 'model' else 'single' end as match_reason,
    case when id % 2 = 0 then 0.9871 end as match_probability
from generate_series(1, 900) as ids(id)
union all
select
    'address',
    'orders',
    'O' || id,
    'orders:O' || id,
    'ADR-' || upper(left(md5(cast(id // 4 as varchar)), 16)),
    'model',
    0.99
from generate_series(1, 400) as ids(id);

create table mastered.id_history as
select
    'customer' as entity,
    'CUS-' || upper(left(md5(cast(id as varchar)), 16)) as master_id,
    case when id <= 20 then 'merged' when id <= 26 then 'split' when id <= 30 then 'retired' else 'created' end as event,
    case when id <= 26 then 'CUS-0000000000000001' end as into_master_id,
    case when id % 50 = 0 then '2026-11-19-1' else '2026-11-20-1' end as run_id,
    date '2026-11-20' as run_date
from generate_series(1, 200) as ids(id);

create table mastered.review_queue as
select
    'customer' as entity,
    'crm_customers:C' || l as record_id_l,
    'crm_customers:C' || r as record_id_r,
    'CUS-00000000000000A' || l as master_id_l,
    'CUS-00000000000000B' || r as master_id_r,
    2.5 - l as match_weight,
    0.5 + 0.1 * l as match_probability,
    'between_thresholds' as reason,
    10 * l + r as priority,
    99.5 as value,
    case when l = 3 then 6 else 0 end as open_orders,
    case when l = 3 then ['O1', 'O2', 'O3', 'O4', 'O5', 'O6'] else [] end as open_order_ids
from (values (1, 2), (2, 3), (3, 4), (1, 4)) as pairs(l, r)
union all
select
    'customer',
    'crm_customers:X' || id,
    'orders:<b>' || id,
    'CUS-' || id,
    'CUS-2' || id,
    -1.0,
    0.3,
    'conflict:birth_date',
    100 + id,
    0,
    0,
    []
from generate_series(1, 30) as ids(id)
union all
select
    'customer',
    'orders:O2',
    'crm_customers:C1',
    'CUS-00000000000000B2',
    'CUS-00000000000000A1',
    0.1,
    0.55,
    'unsure',
    50,
    0,
    0,
    [];

create table scored.trend as
select
    'run-' || night as run_id,
    date '2026-10-31' + cast(night as integer) as run_date,
    'dimension' as cut,
    dimension,
    'all' as source,
    'all' as entity,
    start + 0.0006 * night + 0.002 * sin(night * ordinal) as score
from generate_series(1, 19) as nights(night),
    (values ('accuracy', 0.972, 1), ('completeness', 0.981, 2), ('consistency', 0.985, 3), ('timeliness', 0.951, 4), ('uniqueness', 0.943, 5)) as dimensions(dimension, start, ordinal);

create table scored.scorecard as
select
    '2026-11-20-1' as run_id,
    'dimension' as cut,
    dimension,
    'all' as source,
    'all' as entity,
    'all' as touchpoint,
    'all' as owner,
    passed,
    failed,
    passed / (passed + failed) as score,
    target,
    case when target is null then 'no target' when passed / (passed + failed) >= target then 'met' else 'missed' end as status,
    1.0 as weight,
    -0.004 as change,
    passed / (passed + failed) + 0.004 as usual,
    14 as nights,
    case when dimension = 'accuracy' then 'worse' else 'steady' end as movement
from (
    values
    ('accuracy', 98120, 1220, 0.98),
    ('completeness', 48702, 251, 0.98),
    ('consistency', 61003, 304, 0.99),
    ('timeliness', 9541, 230, 0.98),
    ('uniqueness', 3010, 120, 0.95),
    ('validity', 99999, 1, null)
) as sums(dimension, passed, failed, target);

create table scored.issues as
select
    case when id % 4 = 0 then 'crm_customers.bad_email' || id else 'O' || lpad(cast(id as varchar), 2, '0') end as code,
    'defect_' || id as name,
    case when id = 3 then 'A title with <script>alert(1)</script> & "quotes"' else 'The order''s total is not the sum of its lines, kind ' || id end as title,
    case when id % 2 = 0 then 'accuracy' else 'timeliness' end as dimension,
    case id % 3 when 0 then 'critical' when 1 then 'warning' else 'info' end as severity,
    case id % 3 when 0 then 'orders' when 1 then 'inventory' else 'shipments' end as source,
    'warehouse' as owner,
    'delivery' as touchpoint,
    400 - id * 10 as rows,
    300 - id * 9 as customers,
    310 - id * 9 as orders,
    cast(12345.67 * (30 - id) as decimal(38, 2)) as value_at_risk,
    10.0 as effort_minutes,
    'recalculate the order; refund or charge the difference' as remedy
from generate_series(1, 29) as ids(id);

create table scored.action_plan as
select
    row_number() over (order by case when code = 'O29' then 1 else 0 end, value_at_risk desc, code) as rank,
    'ACT-' || upper(left(md5(code), 8)) as action_id,
    code,
    title,
    owner,
    severity,
    case when code = 'O29' then 'done' when code = 'O01' then 'came_back' when code = 'O02' then 'worse' else 'new' end as status,
    case when code in ('O01', 'O02') then 3 else 1 end as nights,
    rows,
    customers,
    orders,
    orders // 4 as failed_orders,
    value_at_risk,
    cast(rows * effort_minutes as double) as effort_minutes,
    cast(customers + orders as double) as harm,
    0.0012 as predicted_score_gain,
    case when code = 'O29' then 0.0011 end as arrived_score_gain,
    orders // 8 as predicted_orders,
    case when code = 'O29' then 5 end as arrived_orders,
    remedy
from scored.issues;

create table scored.profile_history as
select
    case night when 0 then '2026-11-20-1' else 'run-' || (20 - night) end as run_id,
    date '2026-11-20' - cast(night as integer) as run_date,
    'orders' as source,
    column_name,
    500 - night * 7 as rows,
    2 as age_days
from generate_series(0, 14) as nights(night)
cross join (values (''), ('status'), ('surprise'), ('bygone')) as columns(column_name)
where (column_name <> 'surprise' or night = 0) and (column_name <> 'bygone' or night > 0);

create table scored.anomalies as
select
    'volume' as kind,
    'orders' as source,
    '' as column_name,
    cast(null as varchar) as touchpoint,
    'sales' as owner,
    'critical' as severity,
    date '2026-11-20' as since,
    14 as nights,
    '500 rows; 804 to 1206 are usual' as message
union all
select
    'touchpoint_new',
    'orders',
    'channel',
    'Wilhelmina Featherstone',
    'sales',
    'warning',
    date '2026-11-20',
    14,
    'a touchpoint that was never seen before, with 9 rows: Wilhelmina Featherstone';

create table scored.failed_orders as
select
    'O' || id as order_id,
    case id % 3 when 0 then 'late' when 1 then 'wrong' else 'missing' end as failure,
    cast(12 as double) as cost,
    id % 2 as defects
from generate_series(1, 40) as ids(id);

create table scored.attribution_summary as
select
    id as rank,
    'O0' || id as code,
    'The order''s total is not the sum of its lines, kind ' || id as title,
    'warehouse' as owner,
    20 - id as orders,
    10 - id as newly_explained,
    id * 5 as explained,
    40 as failed_orders,
    id / 8 as explained_share
from generate_series(1, 4) as ids(id);

create table scored.touchpoint_service as
select
    touchpoint,
    'all' as failure,
    900 as interactions,
    orders,
    orders // 2 as perfect_orders,
    orders // 10 as failed_orders,
    case when orders > 0 then 0.1 end as failed_share,
    cast(orders * 1.5 as decimal(18, 2)) as cost
from (values ('web', 400), ('phone', 200), ('support', 0)) as rows(touchpoint, orders);

create table scored.touchpoint_matrix as
select
    'customer' as entity,
    attribute,
    touchpoint,
    80 as agree,
    20 as contradict,
    3 as missing,
    0.8 as agreement,
    0.95 as target,
    'missed' as status,
    date '2026-11-18' as below_since,
    3 as nights_below
from (values ('email'), ('phone')) as attributes(attribute),
    (values ('web'), ('store')) as touchpoints(touchpoint);

create table scored.issue_rows as
select
    issues.code,
    'customer' as entity,
    case id when 1 then '=cmd|''/C calc''!A0' when 2 then 'O1' || chr(8238) || chr(8237) || '2<i>' when 3 then 'O0000448' else 'O' || id end as key,
    'orders:O' || id as record_id,
    'CUS-0000000000000001' as master_id,
    'O' || id as order_id,
    case id
        when 1 then 'sent to Wilhelmina Featherstone, 283 Kinnaird Lane, instead of ''bartholomew quillfeather'''
        when 2 then 'wilma@featherstone.example and (859) 704-1400 of wilhelmina featherstone, born 1984-03-09'
        when 3 then '<script>alert("גלעד אברמוביץ׳")</script> is on 2 orders'
        when 4 then 'charged 48.00, the list price is 47.99'
        else 'promised for 2026-11-02, arrived 2026-11-05'
    end as detail,
    cast(1000 - id as decimal(18, 2)) as value_at_risk
from scored.issues as issues,
    generate_series(1, 8) as ids(id);

create table scored.quarantine as
select
    'orders' as source,
    'orders:O' || id as record_id,
    'expect_column_values_to_not_be_null' as expectation,
    'status' as "column",
    case when id % 2 = 0 then 'bad_status' else 'bad_total' end as code,
    'status is one of open, shipped, delivered; it is ''Wilhelmina''' as reason,
    case id % 3 when 0 then 'sales' else 'warehouse' end as owner,
    '{"email": "w.featherstone@posteo.example"}' as raw,
    date '2026-11-20' - cast(id % 9 as integer) as first_seen,
    date '2026-11-20' - cast(id % 9 as integer) as since,
    date '2026-11-20' as last_seen,
    case when id % 10 = 0 then 'repaired' else 'open' end as status
from generate_series(1, 60) as ids(id);

create table scored.rule_results as
select
    case id % 2 when 0 then 'orders' else 'crm_customers' end as source,
    'bad_status' as code,
    'expect_column_values_to_be_in_set' as expectation,
    'status' as column_name,
    case id % 3 when 0 then 'validity' when 1 then 'completeness' else 'timeliness' end as dimension,
    case id % 3 when 0 then 'critical' when 1 then 'warning' else 'info' end as severity,
    case id % 2 when 0 then 'sales' else 'support' end as owner,
    'the status is one of open, shipped and delivered, rule ' || id as description,
    6000 as evaluated,
    case when id < 32 then id else 0 end as failed,
    id >= 32 as success,
    case when id < 3 then 'Conversion Error: could not convert ''w.featherstone@posteo.example'' to INT32' end as error
from generate_series(1, 80) as ids(id);

create table scored.service_metrics as
select
    place,
    'metric_' || place as metric,
    'Promises kept, kind ' || place as title,
    'order' as unit,
    "by",
    value_of,
    90 as good,
    10 as bad,
    5 as unknown,
    case when place = 3 then null when place = 2 then 0.1 else 0.9 end as rate,
    case when place = 2 then 'bad' else 'good' end as rate_of,
    case when place = 4 then null when place = 2 then 0.02 else 0.95 end as target,
    case place when 3 then 'unknown' when 4 then 'no target' else 'missed' end as status
from generate_series(1, 4) as places(place)
cross join (
    values ('all', 'all'), ('tier', 'gold'), ('tier', 'Wilhelmina Featherstone'), ('tier', 'unknown'), ('carrier', 'A'), ('carrier', 'B'),
        ('carrier', 'C'), ('carrier', 'D'), ('carrier', 'E')
) as cuts("by", value_of);

create table scored.minimum_standard as
select
    place,
    'condition_' || place as condition,
    'Is granted thing ' || place as title,
    'support' as owner,
    80 as met,
    case place when 2 then 0 else 20 end as unmet,
    3 as unknown,
    case place when 2 then null else 0.8 end as rate,
    'ask for it' as remedy
from generate_series(1, 2) as places(place);

create table scored.standard_rows as
select
    'CUS-' || (id % 15) as member_id,
    'condition_1' as condition,
    id < 20 as met
from generate_series(0, 22) as ids(id);
