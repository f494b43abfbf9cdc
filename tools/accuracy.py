"""How well the published file resolves the sample, against its truth: `python -m tools.accuracy [PROJECT]`.

Precision and recall are over all pairs of records that the clusters, or the truth, put together.
"""

import sys
from pathlib import Path

from dq_pipeline.warehouse import Warehouse, literal

TRUTH = {"customer": ("customers", "person_id"), "address": ("addresses", "place_id")}


def pair_figures(reader: Warehouse, truth: Path, entity: str) -> tuple[float, float]:
    """Precision and recall of an entity's clusters in a published file; `truth` is the folder of the truth files."""
    name, column = TRUTH[entity]
    linked = f"""select xref.master_id as found, truth.{column} as really
        from identity.xref
        join read_csv({literal(truth / f"{name}.csv")}, all_varchar = true) as truth
            on truth.record_id = xref.record_id
        where xref.entity = {literal(entity)}"""

    def pairs(columns: str) -> float:
        sizes = f"select count(*) as size from ({linked}) group by {columns}"
        return float(reader.value(f"select sum(size * (size - 1) / 2) from ({sizes})"))

    both = pairs("found, really")
    return both / pairs("found"), both / pairs("really")


def merged_namesakes(reader: Warehouse, truth: Path) -> dict[str, tuple[int, int]]:
    """Kind of namesake -> pairs planted, pairs merged."""
    query = f"""select pairs.kind, count(*), count(*) filter (where one.master_id = other.master_id)
        from read_csv({literal(truth / "namesakes.csv")}, all_varchar = true) as pairs
        join identity.xref as one on one.record_id = pairs.record_id_a and one.entity = 'customer'
        join identity.xref as other on other.record_id = pairs.record_id_b and other.entity = 'customer'
        group by pairs.kind order by pairs.kind"""
    return {kind: (planted, merged) for kind, planted, merged in reader.rows(query)}


def main(project: Path) -> None:
    """Print the figures of a project's published night."""
    truth = project / "data/sample/truth"
    reader = Warehouse((project / "output/published/truth.duckdb").resolve(), read_only=True)
    for entity in TRUTH:
        precision, recall = pair_figures(reader, truth, entity)
        f1 = 2 * precision * recall / (precision + recall)
        print(f"{entity:<9} precision {precision:.4f}  recall {recall:.4f}  F1 {f1:.4f}")
    for kind, (planted, merged) in merged_namesakes(reader, truth).items():
        print(f"{kind:<11} {merged} of {planted} pairs merged")
    reader.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
