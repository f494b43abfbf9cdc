"""The standardizer macros: loads them into a warehouse, and the run's values beside them."""

from datetime import date
from importlib.resources import files

from dq_pipeline.warehouse import Warehouse, literal

# A macro may use those of the files before its own, never of the files after.
MACRO_FILES = ("text", "place", "email", "phone", "date", "organization", "person", "phonetic", "similarity", "mask")


def macro_text(name: str) -> str:
    """The SQL text of one macro file of this package, e.g. `phone`."""
    return files("dq_pipeline.sql").joinpath("macros", f"{name}.sql").read_text(encoding="utf-8")


def load_macros(warehouse: Warehouse) -> None:
    """Create or replace every standardizer macro.

    run_id() and run_date() are created as null where `set_run_values` has not set them yet, because macros use them.
    """
    warehouse.execute("create macro if not exists run_id() as (cast(null as varchar))")
    warehouse.execute("create macro if not exists run_date() as (cast(null as date))")
    for name in MACRO_FILES:
        warehouse.execute(macro_text(name))


def set_run_values(warehouse: Warehouse, run_id: str, run_date: date) -> None:
    """Create the macros run_id() (text) and run_date() (date), by which SQL knows its run."""
    warehouse.execute(f"create or replace macro run_id() as (cast({literal(run_id)} as varchar))")
    warehouse.execute(f"create or replace macro run_date() as (cast({literal(run_date.isoformat())} as date))")
