"""Pictures of explanations as SVG, drawn by Altair: the waterfall of a pair's weight, the tree that holds a cluster.

Needs the optional extra `charts`.
"""

from html import escape
from typing import Any

from dq_pipeline.errors import ConfigError

Document = dict[str, Any]

_FOR, _AGAINST, _SUM = "#2a7f62", "#b5483a", "#4a5568"


def picture(document: Document) -> str:
    """The picture of an explanation as an SVG text. Raises ConfigError where the extra is not installed."""
    try:
        import altair
        import vl_convert
    except ImportError as error:
        raise ConfigError(
            f"pictures need a library that is not installed ({error.name})",
            remedy="install the extra: pip install 'dq-pipeline[charts]'; --json gives the same figures",
        ) from error
    chart = _waterfall(altair, document) if document["kind"] == "pair" else _tree(altair, document)
    return str(vl_convert.vegalite_to_svg(chart.to_json()))


def waterfall_steps(document: Document) -> list[Document]:
    """The steps from the prior to the weight of the pair: label, where it begins and ends, and what it is."""
    said = [("prior", document["prior"], "")]
    for one in document["comparisons"]:
        if one["level"] != "missing":
            said.append((one["name"], one["weight"], one["level"]))
            if abs(one["frequency"]) >= 0.005:
                rarity = "rare value" if one["frequency"] > 0 else "frequent value"
                said.append((f"{one['name']}, rarity", one["frequency"], rarity))
    if document["related"]:
        said.append((f"or {' or '.join(document['related'])}", document["correction"], "related, and not the same"))
    steps, reached = [], 0.0
    for place, (label, bits, note) in enumerate(said):
        kind = "for" if bits >= 0 else "against"
        text = f"{bits:+.1f}"
        steps.append(
            {
                "place": place,
                "label": label,
                "begin": reached,
                "end": reached + bits,
                "kind": kind,
                "note": note,
                "text": text,
            }
        )
        reached += bits
    total = {"place": len(said), "label": "the pair", "begin": 0.0, "end": reached, "kind": "sum", "note": ""}
    return [*steps, total | {"text": f"{reached:.1f}"}]


def _waterfall(altair: Any, document: Document) -> Any:
    steps = waterfall_steps(document)
    order = [step["label"] for step in steps]
    data = altair.Data(values=[step | {"far": max(step["begin"], step["end"])} for step in steps])
    color = altair.Color(
        "kind:N", scale=altair.Scale(domain=["for", "against", "sum"], range=[_FOR, _AGAINST, _SUM]), title=None
    )
    y = altair.Y("label:N", sort=order, title=None, axis=altair.Axis(labelLimit=260))
    base = altair.Chart(data).encode(y=y)
    bars = base.mark_bar().encode(x=altair.X("begin:Q", title="bits (log2 of odds)"), x2="end:Q", color=color)
    figures = base.mark_text(align="left", dx=4).encode(x="far:Q", text="text:N")
    limits = [{"limit": name, "bits": bits} for name, bits in document["thresholds"].items()]
    rules = altair.Chart(altair.Data(values=limits)).mark_rule(strokeDash=[4, 3]).encode(x="bits:Q", detail="limit:N")
    title = f"{document['record_id_l']} and {document['record_id_r']}: {'one' if document['is_one'] else 'two'}"
    heading = altair.TitleParams(title, subtitle=document["because"], anchor="start")
    return (bars + rules + figures).properties(width=620, title=heading).configure_view(stroke=None)


def tree_places(document: Document) -> tuple[list[Document], list[Document]]:
    """Where each record and each link of a cluster's tree is drawn: from the record of most links, outward."""
    neighbours: dict[str, list[tuple[str, Document]]] = {record: [] for record in document["records"]}
    for link in document["links"]:
        neighbours[link["record_id_l"]].append((link["record_id_r"], link))
        neighbours[link["record_id_r"]].append((link["record_id_l"], link))
    nodes: dict[str, Document] = {}
    lines: list[Document] = []

    def visit(start: str) -> None:
        waiting: list[tuple[str, int, str | None, Document | None]] = [(start, 0, None, None)]
        while waiting:
            record, depth, parent, link = waiting.pop()
            nodes[record] = {"record": record, "x": depth, "y": len(nodes)}
            if parent is not None and link is not None:
                above = nodes[parent]
                lines.append(
                    {"x": above["x"], "y": above["y"], "x2": depth, "y2": nodes[record]["y"], "text": link_text(link),
                     "kind": "weakest" if link == document["weakest"] else "link"}
                )  # fmt: skip
            waiting += [
                (other, depth + 1, record, edge) for other, edge in reversed(neighbours[record]) if other not in nodes
            ]

    for record in sorted(neighbours, key=lambda one: (-len(neighbours[one]), one)):
        if record not in nodes:
            visit(record)
    return list(nodes.values()), lines


def link_text(link: Document) -> str:
    """A link in a few words: its reason, and its weight where evidence gave one."""
    reason = str(link["reason"]).replace("_", " ")
    return reason if link["match_weight"] >= 1000 else f"{reason}, {link['match_weight']:.1f}"


def _tree(altair: Any, document: Document) -> Any:
    nodes, lines = tree_places(document)
    axis = {"axis": None}
    links = (
        altair.Chart(altair.Data(values=lines))
        .mark_rule()
        .encode(
            x=altair.X("x:Q", **axis), x2="x2:Q", y2="y2:Q",
            y=altair.Y("y:Q", scale=altair.Scale(reverse=True), **axis),
            color=altair.Color(
                "kind:N", scale=altair.Scale(domain=["link", "weakest"], range=[_FOR, _AGAINST]), title=None
            ),
        )
    )  # fmt: skip
    said = (
        altair.Chart(altair.Data(values=lines))
        .mark_text(align="right", dx=-8, dy=-8, fontSize=9, color=_SUM)
        .encode(x=altair.X("x2:Q", **axis), y=altair.Y("y2:Q", **axis), text="text:N")
    )
    points = altair.Chart(altair.Data(values=nodes)).encode(x=altair.X("x:Q", **axis), y=altair.Y("y:Q", **axis))
    named = points.mark_point(filled=True, size=60, color=_SUM) + points.mark_text(align="left", dx=8).encode(
        text="record:N"
    )
    title = altair.TitleParams(f"{document['master_id']}: {len(document['records'])} records", anchor="start")
    height = max(120, 26 * len(nodes))
    return (links + said + named).properties(width=760, height=height, title=title).configure_view(stroke=None)


def dot(document: Document) -> str:
    """A cluster's tree in Graphviz's DOT."""
    lines = [f'graph "{document["master_id"]}" {{', "  node [shape=box];"]
    lines += [f'  "{record}";' for record in document["records"]]
    for link in document["links"]:
        style = ', color="red"' if link == document["weakest"] else ""
        lines.append(f'  "{link["record_id_l"]}" -- "{link["record_id_r"]}" [label="{link_text(link)}"{style}];')
    return "\n".join([*lines, "}", ""])


def page(document: Document) -> str:
    """The picture on a page of its own, without anything from elsewhere."""
    title = document.get("master_id") or f"{document['record_id_l']} and {document['record_id_r']}"
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
    return f"{head}<body>{picture(document)}</body></html>\n"
