"""The index of what masters are found by, and their cards, from the project's SELECTs in `sql/lookup`."""

from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.sql.selects import engine_select
from dq_pipeline.warehouse import Warehouse, quoted

KEYS, CARDS = "identity.lookup_keys", "identity.lookup_cards"
_FOUND = {"kind": "varchar", "key": "varchar", "shown": "varchar", "compared": "varchar", "beside": "varchar"}


def build_lookup(warehouse: Warehouse, project: Project) -> dict[str, tuple[str, str]]:
    """Make ready what `dq lookup` reads: published table -> the working view it is a copy of, and its order.

    Empty where the project declares no `lookup`. Raises ConfigError where a SELECT lacks a column.
    """
    declared = project.settings.lookup
    if declared is None:
        return {}
    master = project.entity(declared.entity).id_column
    parts = []
    for name in declared.keys:
        view = f"mastered.lookup_by_{name}"
        warehouse.build_view(view, project.sql("lookup", name), where=project.sql_path("lookup", name))
        _check_columns(warehouse, project, view, name, {*_FOUND, master})
        columns = ", ".join(f"cast({quoted(column)} as {kind}) as {quoted(column)}" for column, kind in _FOUND.items())
        parts.append(f"select {columns}, {quoted(master)} as master_id from {view}")
    warehouse.build_view("mastered.lookup_found", "\nunion all by name\n".join(parts))
    warehouse.build_view("mastered.lookup_keys", engine_select("lookup", "lookup_keys"))
    view = "mastered.lookup_cards"
    path = project.sql_path("lookup", declared.card)
    warehouse.build_view(view, project.sql("lookup", declared.card), where=path)
    _check_columns(warehouse, project, view, declared.card, {master, "name", "brief"})
    return {
        KEYS: ("mastered.lookup_keys", "kind, key, master_id, shown, compared, beside"),
        CARDS: (view, quoted(master)),
    }


def lookup_select(project: Project, published: str) -> str:
    """The SELECT whose remarks are the comments of the index or of the cards."""
    declared = project.settings.lookup
    assert declared is not None
    return engine_select("lookup", "lookup_keys") if published == KEYS else project.sql("lookup", declared.card)


def _check_columns(warehouse: Warehouse, project: Project, view: str, name: str, needed: set[str]) -> None:
    missing = sorted(needed - set(warehouse.columns(view)))
    if missing:
        raise ConfigError(
            f"the SELECT returns no column {missing[0]}",
            where=project.sql_path("lookup", name),
            remedy=f"it must return {', '.join(sorted(needed))}",
        )
