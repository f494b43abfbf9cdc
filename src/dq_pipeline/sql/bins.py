"""The bins by which a column's distribution is told: they never depend on a night's data, so that nights compare."""


def bin_of(value: str, way: str) -> str:
    """The SQL expression of a value's bin, as text; null where the value, an SQL expression, is null.

    `way` is `value` (the value itself), `size` (of a number), `age` (of a date) or `length` (of a text); the last three
    are counted in half powers of two.
    """
    if way == "value":
        return f"cast({value} as varchar)"
    if way == "length":
        return _size(f"length(cast({value} as varchar))")
    return _size(f"date_diff('day', cast({value} as date), run_date())" if way == "age" else value)


def _size(number: str) -> str:
    power = f"cast(cast(floor(2 * log2(abs(cast({number} as double)))) as integer) as varchar)"
    return f"case when {number} = 0 then '0' when {number} < 0 then '-' || {power} else '+' || {power} end"
