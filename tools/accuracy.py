"""How well records are resolved: `python -m tools.accuracy [PROJECT]` judges the sample's published file by its truth.

`python -m tools.accuracy --sets all` runs the labelled sets (or those named), with plain Splink beside; `--write FILE`
makes docs/accuracy.md of it. Precision and recall are over all pairs of records that the clusters, or the truth, put
together.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import click

from dq_pipeline.warehouse import Warehouse, literal
from tools.accuracy_page import page, summary
from tools.labelled_sets import SHARED, Result, SetFailedError, chosen_sets, is_here, run_set

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


def published_sample(project: Path) -> None:
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


def labelled(names: str, folder: Path, *, with_plain: bool, worst: int) -> tuple[list[Result], list[str]]:
    """Run sets one after the other in `folder`, a line on the screen for each; results, and what failed."""
    results, failed = [], []
    for number, one in enumerate(chosen_sets(names)):
        if not is_here(one):
            failed.append(f"{one.name}: not in {SHARED}; set DQ_SHARED_DATA to where the sets are")
            continue
        try:
            result = run_set(one, folder / str(number), with_plain=with_plain, worst=worst)
        except SetFailedError as error:
            failed.append(str(error))
            print(failed[-1], flush=True)
            continue
        results.append(result)
        print(summary(result), flush=True)
        print(f"  {_lost(result)}", flush=True)
        for kind in ("worst_merges", "worst_misses") if worst else ():
            for pair in result.judged[kind]:
                print(f"  {kind[6:-1]}: {json.dumps(pair, ensure_ascii=False)}")
    return results, failed


def _lost(result: Result) -> str:
    shown = {name: count for name, count in result.judged["losses"].items() if name.startswith("lost") and count}
    parts = [f"{name.replace('_', ' ')} {count:,}" for name, count in shown.items()]
    parts += [f"{reason} {count:,}" for reason, count in result.judged["missed_by_reason"].items()]
    parts += [f"false {origin} {count:,}" for origin, count in result.judged["false_pairs"].items() if count]
    return ", ".join(parts) or "no pair lost, none false"


@click.command()
@click.argument("project", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@click.option("--sets", "names", help="Labelled sets, commas between, `febrl*` for several; or all.")
@click.option("--plain/--no-plain", default=True, show_default=True, help="Run the plain Splink script too.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="Write the page of all sets here.")
@click.option("--worst", type=click.IntRange(min=0), default=0, help="Print so many errors of each kind, masked.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Work here and leave it all behind.")
def main(project: Path, names: str | None, plain: bool, write: Path | None, worst: int, keep: Path | None) -> None:
    """Judge PROJECT's published sample by its truth; with --sets or --write, run the labelled sets instead."""
    if names is None and write is None:
        published_sample(project)
        return
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="dq-accuracy-"))
    try:
        results, failed = labelled(names or "all", folder, with_plain=plain, worst=worst)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    if write and not failed:
        write.write_text(page(results), encoding="utf-8")
        print(f"wrote {write}")
    if failed:
        print("\n".join(["", "These sets could not be measured; nothing was written:", *failed]), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
