"""docs/accuracy.md: the figures of all labelled sets as a page."""

import os
from collections.abc import Sequence

from tools.labelled_sets import Result

_LOSSES = {
    "found": "together by the pair's own evidence",
    "gained": "gained by clusters",
    "lost_before": "lost before linkage",
    "lost_in_blocking": "lost in blocking",
    "lost_in_scoring": "lost in scoring",
    "lost_in_clustering": "lost in clustering",
}
_ORIGINS = {
    "alike": "alike in all compared columns",
    "scored": "by the pair's own evidence",
    "rule": "by a rule",
    "weak": "by clusters, against the pair",
    "unseen": "by clusters, never compared",
}
_INTRODUCTION = """# Accuracy

`make accuracy` makes this page. Every set goes through the same door with the shipped defaults: `dq init --source`
makes a project of its one file, `dq run --until link` trains a model on it without any label and clusters it, and
only then `dq evaluate` looks at the truth. One configuration for all; nothing is chosen for a set. Beside it, in the
same call, a plain Splink script (`bench/plain_splink.py`) does what Splink's published examples do, and takes
connected components at match probability 0.95. Written anew for each set by a careful hand, such a script got F1
0.862 (pseudopeople_2030), 0.811 (historical_50k), 0.839 (fake_1000), 0.898 (fodors_zagat), 0.997 (febrl3) and 0.998
(febrl4).

A pair counts as found if its two records are in one final cluster. Precision is the share of found pairs that are
true, recall the share of **all** true pairs that were found: one that was never compared is a miss. B-cubed looks at
each record's cluster instead, so that one large entity does not outweigh many small ones.
"""
_MEANING = """## Where true pairs are lost

Every true pair ends in exactly one of these columns, and they add up to all true pairs. *Lost before linkage*: a
record is in quarantine. *Lost in blocking*: the pair was never compared. *Lost in scoring*: compared, and less likely
a match than not. *Lost in clustering*: likely by itself, and yet its records are in two clusters (a conflict, a lack
of strong evidence, other members that speak against it). *Gained by clusters*: the pair alone was not evident, but
the cluster as a whole was.
"""
_FALSE = """## Where false pairs come from

*By the pair's own evidence*: the two records alone look like a match. *By clusters*: they came together through
others.
"""
_COST = """## Time and memory

Our run reads, validates, standardizes, trains, links and keeps its evidence; the script reads, trains, predicts and
clusters. Both are whole processes, measured from outside in the same call; a ratio below 1 means that ours took less.
Small sets show little but start-up.
"""
_SETS = """## The sets

The labelled sets are no part of the project (`DQ_SHARED_DATA` names their folder). pseudopeople_2030: a simulated US
population in census, tax and benefit records, whole households at one address. historical_50k: British persons, about
ten dirty records each. fake_1000: British persons with e-mail, many values missing. fodors_zagat: US restaurants from
two guides, as one pool. febrl3 and febrl4: Australian persons, one source and two. sample: this project's own
accounts, buyers and recipients, in `data/sample`. The last four are the same sets with all other columns emptied.

`.venv/bin/python -m tools.accuracy --sets fake_1000,febrl3 --no-plain` is a quick look at some of them; `--worst 10`
lists errors.
"""


def page(results: Sequence[Result]) -> str:
    """The whole page."""
    parts = [_INTRODUCTION, _figures(results), _MEANING, _losses(results), _FALSE, _false_pairs(results)]
    if any(result.plain for result in results):
        parts += [_COST, _cost(results)]
    return "\n".join([*parts, _SETS])


def summary(result: Result) -> str:
    """One set in one line, for the screen."""
    pairs = result.judged["pairwise"]
    plain = result.plain_figures
    return (
        f"{result.labelled.name:<32} P {pairs['precision']:.4f}  R {pairs['recall']:.4f}  F1 {pairs['f1']:.4f}  "
        f"{'reached' if result.is_reached else 'NOT REACHED':<12}{result.ours.seconds:6.1f} s"
        + (f"  plain P {plain[0]:.4f}  R {plain[1]:.4f}  F1 {plain[2]:.4f}" if plain else "")
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _figures(results: Sequence[Result]) -> str:
    columns = (
        "set",
        "records",
        "true pairs",
        "precision",
        "recall",
        "F1",
        "B-cubed F1",
        "asked P / F1",
        "plain P / R / F1",
    )
    rows = []
    for result in results:
        judged, asked, plain = result.judged, result.labelled, result.plain_figures
        pairs = judged["pairwise"]
        wanted = f"{asked.precision:g} / {asked.f1:g}" if asked.precision else f"– / {asked.f1:g}"
        rows.append(
            [
                asked.name,
                f"{judged['records']:,}",
                f"{judged['true_pairs']:,}",
                f"{pairs['precision']:.4f}",
                f"{pairs['recall']:.4f}",
                f"**{pairs['f1']:.4f}**",
                f"{judged['b_cubed']['f1']:.4f}",
                wanted if result.is_reached else f"{wanted} (not reached)",
                " / ".join(f"{value:.3f}" for value in plain) if plain else "not run" if not result.plain else "failed",
            ]
        )
    return _table(columns, rows)


def _losses(results: Sequence[Result]) -> str:
    rows = [
        [result.labelled.name, *(_of(result.judged["losses"][name], result.judged["true_pairs"]) for name in _LOSSES)]
        for result in results
    ]
    return _table(["set", *_LOSSES.values()], rows)


def _false_pairs(results: Sequence[Result]) -> str:
    rows = [
        [result.labelled.name, f"{result.judged['false_merges']:,}"]
        + [f"{result.judged['false_pairs'][origin]:,}" for origin in _ORIGINS]
        for result in results
    ]
    return _table(["set", "false pairs", *_ORIGINS.values()], rows)


def _of(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.1%})" if part else "0"


def _cost(results: Sequence[Result]) -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    rows = [
        [
            result.labelled.name,
            f"{result.ours.seconds / result.plain.seconds:.1f}",
            f"{result.ours.cpu_seconds / result.plain.cpu_seconds:.1f}",
            f"{result.ours.peak_bytes / result.plain.peak_bytes:.1f}",
            f"{result.ours.seconds:.0f} s, {result.ours.peak_bytes / 1e6:,.0f} MB",
            f"{result.plain.seconds:.0f} s, {result.plain.peak_bytes / 1e6:,.0f} MB",
        ]
        for result in results
        if result.plain
    ]
    columns = ("set", "time, ours : plain", "processor time", "memory", f"ours ({cores} cores)", "plain")
    return _table(columns, rows)
