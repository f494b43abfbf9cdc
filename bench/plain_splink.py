"""The yardstick: a careful plain Splink script, as Splink's own published examples do it, on one table of customers.

    python bench/plain_splink.py customers.csv [truth.csv]

The table (CSV or Parquet) has record_id (or source_record_id) and any of full_name, first_name, last_name,
date_of_birth, email, phone, address_line1, city and postal_code, blank where unknown; the truth has record_id and
entity_id. Prints times and, with a truth, pairwise precision and recall over the clusters (connected components at
match probability 0.95).
"""

import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

COLUMNS = (
    "full_name", "first_name", "last_name", "date_of_birth", "email", "phone", "address_line1", "city", "postal_code"
)  # fmt: skip
THRESHOLD = 0.95
PRIOR_RECALL = 0.7
# Rules as in Splink's published examples, each taken where its columns have values. A blocking rule that finds more
# pairs than this is left out, as its documentation advises; a training rule that finds too few teaches nothing.
MOST_PAIRS_A_RECORD = 10
FEWEST_TO_TRAIN = 50
BLOCKING = (
    ("first_name", "last_name"), ("last_name", "date_of_birth"), ("first_name", "date_of_birth"), ("email",),
    ("phone_digits",), ("last_name", "postal_code"), ("first_name", "postal_code"), ("address_line1",),
    ("first_name", "city"), ("last_name",), ("date_of_birth",), ("first_name", "address_line1"), ("postal_code",),
    ("substr(first_name, 1, 3)", "substr(last_name, 1, 4)"), ("full_name",), ("substr(full_name, 1, 4)", "city"),
)  # fmt: skip
CERTAIN = (
    ("first_name", "last_name", "date_of_birth"), ("first_name", "last_name", "address_line1"), ("email",),
    ("phone_digits", "last_name"), ("full_name", "address_line1"), ("full_name", "phone_digits"),
)  # fmt: skip
TRAINING = (("first_name", "last_name"), ("date_of_birth",), ("email",), ("phone_digits",), ("full_name",))


def reader(path: Path) -> str:
    """The SQL that reads a CSV or Parquet file, all columns as text."""
    if path.suffix == ".parquet":
        return f"select columns(*)::varchar from read_parquet('{path}')"
    return f"select * from read_csv('{path}', header = true, all_varchar = true)"


def load(connection: Any, path: Path) -> None:
    """Make the table `customers`: unique_id and the compared columns, folded, blanks null; empty ones left out."""
    connection.execute(f"create or replace table delivered as {reader(path)}")
    names = [row[0] for row in connection.execute("describe delivered").fetchall()]
    key = "record_id" if "record_id" in names else "source_record_id"
    text = {name: f"nullif(trim(lower(strip_accents({name}))), '')" for name in COLUMNS if name in names}
    if {"full_name", "first_name", "last_name"} <= text.keys() and connection.execute(
        f"select count({text['first_name']}) from delivered"
    ).fetchall()[0][0]:
        for column, place in (("first_name", 1), ("last_name", -1)):
            text[column] = f"coalesce({text[column]}, nullif(split_part({text['full_name']}, ' ', {place}), ''))"
    digits = {
        name: f"regexp_replace({name}, '[^0-9]', '', 'g')" for name in ("date_of_birth", "phone") if name in names
    }
    if "date_of_birth" in digits:
        text["date_of_birth"] = f"nullif({digits['date_of_birth']}, '')"
    if "phone" in digits:
        text["phone_digits"] = f"nullif(right({digits['phone']}, 10), '')"
    folded = ", ".join(f"{expression} as {column}" for column, expression in text.items() if column != "phone")
    connection.execute(
        f"create or replace table customers as select {key} as unique_id, {folded} from delivered order by {key}"
    )


def filled(connection: Any) -> set[str]:
    """Columns of `customers` with any value."""
    names = [row[0] for row in connection.execute("describe customers").fetchall()]
    counts = connection.execute(f"select {', '.join(f'count({name})' for name in names)} from customers").fetchall()[0]
    have = {name for name, count in zip(names, counts, strict=True) if count}
    # A full name beside its parts would count the same evidence twice.
    return have - ({"full_name"} if {"first_name", "last_name"} <= have else set())


def link(connection: Any, seed: int = 42) -> dict[str, float]:
    """Train, predict and cluster `customers`; leaves the table `clusters` (cluster_id, unique_id). Returns seconds."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    have = filled(connection)
    made: dict[str, Any] = {
        "full_name": lambda: cl.NameComparison("full_name"),
        "first_name": lambda: cl.NameComparison("first_name"),
        "last_name": lambda: cl.NameComparison("last_name"),
        "date_of_birth": lambda: cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
        "email": lambda: cl.EmailComparison("email"),
        "phone_digits": lambda: cl.DamerauLevenshteinAtThresholds("phone_digits", [1, 2]),
        "address_line1": lambda: cl.JaroWinklerAtThresholds("address_line1", [0.9, 0.8]),
        "city": lambda: cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        "postal_code": lambda: cl.ExactMatch("postal_code").configure(term_frequency_adjustments=True),
    }
    records = connection.execute("select count(*) from customers").fetchall()[0][0]
    rules = [rule for rule in _fitting(BLOCKING, have) if _pairs(connection, rule) <= MOST_PAIRS_A_RECORD * records]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[make() for column, make in made.items() if column in have],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
    )
    api = DuckDBAPI(connection)
    linker = Linker(api.register("customers", table_name="customers_in"), settings, log_level=None)
    started = time.perf_counter()
    # Where no rule finds a pair, Splink's prior is 0 and its logarithm an error.
    certain = [rule for rule in _fitting(CERTAIN, have) if _pairs(connection, rule)] or rules[:1]
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in certain], recall=PRIOR_RECALL
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=seed)
    for rule in _fitting(TRAINING, have):
        if _pairs(connection, rule) >= FEWEST_TO_TRAIN:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule), max_pairs=1e6)
    trained = time.perf_counter()
    edges = linker.inference.predict(threshold_match_probability=0.5)
    predicted = time.perf_counter()
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(edges, THRESHOLD)
    connection.execute(
        f"create or replace table clusters as select cluster_id, unique_id from {clusters.physical_name}"
    )
    done = time.perf_counter()
    return {"train": trained - started, "predict": predicted - trained, "cluster": done - predicted}


def _fitting(rules: Iterable[tuple[str, ...]], have: set[str]) -> list[tuple[str, ...]]:
    """The rules whose columns all have values."""
    return [rule for rule in rules if {re.sub(r"substr\((\w+).*", r"\1", part) for part in rule} <= have]


def _pairs(connection: Any, rule: tuple[str, ...]) -> int:
    """How many pairs a rule finds."""
    known = " and ".join(f"{part} is not null" for part in rule)
    sizes = f"select count(*) as n from customers where {known} group by {', '.join(rule)}"
    return int(connection.execute(f"select coalesce(sum(n * (n - 1) / 2), 0) from ({sizes})").fetchall()[0][0])


def figures(connection: Any, truth: Path) -> tuple[float, float]:
    """Pairwise precision and recall of `clusters` over all true pairs."""
    connection.execute(f"create or replace table truth as {reader(truth)}")
    names = [row[0] for row in connection.execute("describe truth").fetchall()]
    true, found, right = connection.execute(
        f"""with cells as (
            select truth.{names[1]} as entity_id, clusters.cluster_id, count(*) as n
            from truth inner join clusters on truth.{names[0]} = clusters.unique_id group by all)
        select (select sum(n * (n - 1) / 2) from (select sum(n) as n from cells group by entity_id)),
            (select sum(n * (n - 1) / 2) from (select sum(n) as n from cells group by cluster_id)),
            sum(n * (n - 1) / 2) from cells"""
    ).fetchall()[0]
    return right / max(found, 1), right / max(true, 1)


def main(arguments: list[str]) -> int:
    """Link the table named first; judge it by the truth named second."""
    if not arguments:
        print(__doc__)
        return 2
    connection = duckdb.connect()
    load(connection, Path(arguments[0]))
    size = connection.execute("select count(*) from customers").fetchall()[0][0]
    seconds = link(connection)
    print(f"{size:,} records: " + ", ".join(f"{step} {value:.1f} s" for step, value in seconds.items()))
    if len(arguments) > 1:
        precision, recall = figures(connection, Path(arguments[1]))
        print(f"precision {precision:.4f}, recall {recall:.4f}, F1 {2 * precision * recall / (precision + recall):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
