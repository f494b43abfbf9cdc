"""The report's charts: figures and their words -> SVG in the page's own colors, as Vega-Lite drawn by vl-convert.

Charts are narrow enough for a phone, carry the words that they are given, and say in one sentence what they show. The
figures stand in a table of the page too.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

Row = dict[str, Any]

WIDTH = 300
# The height of a row, and how far its mark is below the middle: the label stands above.
_ROW, _UNDER = 38, 7
_BAR: Row = {"size": 8, "yOffset": _UNDER}
_TONES = {"good": "var(--good)", "bad": "var(--bad)", "accent": "var(--accent)", "soft": "var(--soft)"}
_INK, _TRACK = "var(--ink)", "var(--hair)"
_CONFIG: Row = {"aria": False, "background": None, "view": {"stroke": None, "fill": None}, "padding": 2}
# What the page has no use for: it sets the fonts itself, and an <svg> inside a page needs no name of its language.
_DROPPED = re.compile(
    r'<path class="(?:background|foreground)"[^<>]*/>'
    r'| (?:class|role|aria-\w+|xmlns(?::xlink)?|version|font-family|pointer-events|opacity|stroke-miterlimit)="[^"<>]*"'
    r"(?=[^<>]*>)"
)
_LONG_NUMBER = re.compile(r"(\d+\.\d)\d+(?=[^<>]*>)")
_FRAME = re.compile(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)" viewBox="([^"]+)">')


def bars(said: str, rows: Sequence[Sequence[Any]], width: int = WIDTH) -> Markup:
    """One bar for each (label, amount, text of the amount, tone), under its label; empty without an amount."""
    most = max((float(row[1]) for row in rows), default=0.0)
    if not most:
        return Markup("")
    values = [
        {"place": place, "label": label, "amount": float(amount), "text": text, "tone": _TONES[tone]}
        for place, (label, amount, text, tone) in enumerate(rows)
    ]
    layers = [
        _mark("bar", {"x": {"value": 0}, "x2": {"value": width}}, color=_TRACK, **_BAR),
        _mark("bar", {"x": _scaled("amount", 0.0, most), "color": _named("tone")}, **_BAR),
    ]
    return _drawn(said, values, layers, width)


def dots(said: str, rows: Sequence[Sequence[Any]], low: float, high: float, width: int = WIDTH) -> Markup:
    """One dot for each (label, share, target or None, text of the share, tone) on an axis, with the target's mark."""
    values = [
        {
            "place": place,
            "label": label,
            "amount": float(share),
            "text": text,
            "tone": _TONES[tone],
            "from": float(share if target is None else target),
            "target": None if target is None else float(target),
        }
        for place, (label, share, target, text, tone) in enumerate(rows)
    ]
    if not values:
        return Markup("")
    tone = _named("tone")
    rule: Row = {"strokeWidth": 3, "yOffset": _UNDER}
    between = {"x": _scaled("from", low, high), "x2": {"field": "amount"}, "color": tone}
    tick: Row = {"thickness": 2, "size": 14, "orient": "vertical", "color": _INK, "yOffset": _UNDER}
    layers = [
        _mark("rule", {"x": {"value": 0}, "x2": {"value": width}}, color=_TRACK, **rule),
        _mark("rule", between, **rule),
        _mark("tick", {"x": _scaled("target", low, high)}, {"filter": "isValid(datum.target)"}, **tick),
        _mark("circle", {"x": _scaled("amount", low, high), "color": tone}, size=70, opacity=1, yOffset=_UNDER),
    ]
    return _drawn(said, values, layers, width)


def line(said: str, shares: Sequence[float], width: int = 120, height: int = 28) -> Markup:
    """A small line through the shares of the nights, the last one marked."""
    low, high = min(shares), max(shares)
    # Half a point at least, or the noise of one row would fill the box.
    span = max(high - low, 0.005)
    middle = (high + low) / 2
    encoding = {
        "x": _scaled("night", 0, max(len(shares) - 1, 1)),
        "y": _scaled("share", middle - span / 2, middle + span / 2),
    }
    last = {"filter": f"datum.night === {len(shares) - 1}"}
    layers = [
        _mark("line", encoding, color=_TONES["soft"], strokeWidth=1.5),
        _mark("circle", encoding, last, color=_TONES["accent"], size=40, opacity=1),
    ]
    values = [{"night": night, "share": share} for night, share in enumerate(shares)]
    return _framed(said, {"data": {"values": values}, "layer": layers, "width": width, "height": height})


def waterfall(said: str, rows: Sequence[Sequence[Any]], width: int = WIDTH) -> Markup:
    """How a weight adds up: one bar for each (label, bits, text of the bits), from the sum before it."""
    values, reached = [], 0.0
    for place, (label, bits, text) in enumerate(rows):
        tone = _TONES["good" if bits > 0 else "bad"]
        values.append(
            {"place": place, "label": label, "begin": reached, "amount": reached + bits, "text": text, "tone": tone}
        )
        reached += bits
    if not values:
        return Markup("")
    reach = [0.0, *(value["amount"] for value in values)]
    low, high = min(reach), max(reach)
    zero = {"x": _scaled("zero", low, high), "y": {"value": 0}, "y2": {"value": _ROW * len(values)}}
    bar = {"x": _scaled("begin", low, high), "x2": {"field": "amount"}, "color": _named("tone")}
    layers = [
        _mark("rule", zero, {"calculate": "0", "as": "zero"}, color=_TONES["soft"]),
        _mark("bar", bar, **_BAR),
    ]
    return _drawn(said, values, layers, width)


def _mark(kind: str, encoding: Row, transform: Row | None = None, **looks: Any) -> Row:
    """A layer of a chart."""
    layer: Row = {"mark": {"type": kind, **looks}, "encoding": encoding}
    return layer | {"transform": [transform]} if transform else layer


def _scaled(name: str, low: float, high: float) -> Row:
    scale = {"domain": [low, high], "nice": False, "zero": False}
    return {"field": name, "type": "quantitative", "axis": None, "scale": scale}


def _named(name: str) -> Row:
    """A color that the row itself names."""
    return {"field": name, "type": "nominal", "scale": None}


def _labels(width: int) -> list[Row]:
    """The label of a row above its mark, at the left, and the text of its figure at the right."""
    text: Row = {"dy": -8, "fontSize": 13, "baseline": "middle", "color": _INK}
    label = {"x": {"value": 0}, "text": {"field": "label"}}
    figure = {"x": {"value": width}, "text": {"field": "text"}}
    return [
        _mark("text", label, align="left", limit=width - 84, **text),
        _mark("text", figure, align="right", fontWeight=600, **text),
    ]


def _drawn(said: str, values: list[Row], layers: list[Row], width: int) -> Markup:
    rows = {"field": "place", "type": "ordinal", "axis": None}
    placed = [{**layer, "encoding": {"y": rows, **layer["encoding"]}} for layer in [*layers, *_labels(width)]]
    return _framed(said, {"data": {"values": values}, "layer": placed, "width": width, "height": {"step": _ROW}})


def _framed(said: str, chart: Row) -> Markup:
    """The chart as an image of the page, which says what it shows."""
    drawn = _svg(json.dumps(chart, ensure_ascii=False))
    found = _FRAME.match(drawn)
    if found is None:
        raise ValueError(f"vl-convert drew something else than a picture: {drawn[:80]}")
    head = Markup('<svg class="chart" role="img" aria-label="{}" width="{}" height="{}" viewBox="{}">')
    return head.format(said, *found.groups()) + Markup(drawn[found.end() :])


@lru_cache(maxsize=2048)
def _svg(chart: str) -> str:
    """The SVG of a Vega-Lite chart. The library takes a second to start, so it is loaded when a chart is drawn."""
    import vl_convert

    drawn = str(vl_convert.vegalite_to_svg(json.dumps({**json.loads(chart), "config": _CONFIG})))
    return _LONG_NUMBER.sub(r"\1", _DROPPED.sub("", drawn))
