"""Which charts the report has: rows of sections -> drawn charts, each with a sentence that says what it shows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from dq_pipeline.scorecard.drawing import bars, dots, line, waterfall

Row = Mapping[str, Any]
_MOST_BARS = 10
_TONES = {"met": "good", "missed": "bad"}


class Charts:
    """The charts in one language. `wording` writes figures, `harmless` clears a label of what hides or turns text."""

    def __init__(self, wording: Any, harmless: Callable[[Any], Any]) -> None:
        self.wording, self.harmless = wording, harmless
        self.gettext = wording.language.gettext

    def scores(self, rows: Sequence[Row]) -> Markup:
        """Each dimension's score against its target."""
        floor = scale_floor(rows)
        said = self.gettext("Scores of the dimensions against their targets, on an axis from %(low)s to 100 %%")
        shown = [
            (self._named(row["dimension"]), row["score"], row["target"], self.wording.percent(row["score"]),
             _TONES.get(row["status"], "accent"))
            for row in rows if row["score"] is not None
        ]  # fmt: skip
        return dots(said % {"low": self.wording.percent(floor)}, shown, floor, 1.0)

    def trend(self, trend: Sequence[Row], name: str) -> Markup:
        """A score over the nights."""
        shares = [float(run["score"]) for run in trend]
        said = self.gettext(
            "%(name)s over %(runs)s runs: %(first)s on %(first_day)s, %(last)s on %(last_day)s; lowest %(low)s, "
            "highest %(high)s"
        )
        percent, day = self.wording.percent, self.wording.language.day
        told = {
            "name": name, "runs": len(shares), "first": percent(shares[0]), "first_day": day(trend[0]["run_date"]),
            "last": percent(shares[-1]), "last_day": day(trend[-1]["run_date"]), "low": percent(min(shares)),
            "high": percent(max(shares)),
        }  # fmt: skip
        return line(said % told, shares)

    def plan(self, repairs: Sequence[Row]) -> Markup:
        """The value at risk behind the first repairs, in the order of the plan."""
        shown = [
            (f"{row['rank']}. {self._said(row['title'])}", float(row["value_at_risk"] or 0),
             self.wording.count(row["value_at_risk"] or 0), "accent")
            for row in repairs[:_MOST_BARS]
        ]  # fmt: skip
        return bars(self.gettext("Value at risk behind each of the first repairs"), shown)

    def bands(self, rows: Sequence[Row]) -> Markup:
        """How many masters have how many records."""
        shown = [
            (self._said(row["band"]), row["masters"], self.wording.count(row["masters"]), "accent") for row in rows
        ]
        return bars(self.gettext("Masters by their number of records"), shown)

    def masters(self, row: Row) -> Markup:
        """Records before, masters after."""
        amounts = [
            (self.gettext("Records before"), row["records"], "soft"),
            (self.gettext("Masters after"), row["masters"], "accent"),
        ]
        shown = [(label, amount, self.wording.count(amount), tone) for label, amount, tone in amounts]
        return bars(self.gettext("How many masters the records are"), shown)

    def service(self, metrics: Sequence[Row]) -> Markup:
        """What went wrong of what is known, against what a target allows."""
        shown = []
        for row in metrics:
            known = row["good"] + row["bad"]
            if not known:
                continue
            allowed = row["target"] if row["rate_of"] == "bad" or row["target"] is None else 1 - row["target"]
            share = row["bad"] / known
            tone = _TONES.get(row["status"], "accent")
            shown.append((self._said(row["title"]), share, allowed, self.wording.percent(share), tone))
        most = max((share for row in shown for share in row[1:3] if share is not None), default=0) or 1.0
        return dots(self.gettext("Share that went wrong, against what the target allows"), shown, 0.0, float(most))

    def ages(self, rows: Sequence[Row], bands: Mapping[int, str]) -> Markup:
        """How long rows wait in quarantine; `bands` names each band by the least of its days."""
        shown = [(bands[row["least"]], row["rows"], self.wording.count(row["rows"]), "accent") for row in rows]
        return bars(self.gettext("Rows in quarantine by how long they wait"), shown)

    def touchpoints(self, rows: Sequence[Row]) -> Markup:
        """What the failures of each touchpoint cost."""
        shown = [
            (self._named(row["touchpoint"]), float(row["cost"] or 0), self.wording.count(row["cost"] or 0), "accent")
            for row in rows[:_MOST_BARS] if row["cost"]
        ]  # fmt: skip
        return bars(self.gettext("Cost of failed orders at each touchpoint"), shown)

    def evidence(self, rows: Sequence[Row]) -> Markup:
        """How what speaks for and against a pair adds up."""
        shown = [(self._named(row["what"]), float(row["bits"]), self.wording.signed(row["bits"])) for row in rows]
        return waterfall(
            self.gettext("How the evidence of this pair adds up, in bits; right is for, left is against"), shown
        )

    def _said(self, text: Any) -> str:
        return str(self.harmless(self.wording.said(text)))

    def _named(self, name: Any) -> str:
        return str(self.harmless(self.wording.words(name))).capitalize()


def scale_floor(rows: Sequence[Row]) -> float:
    """Where the axis of the scores begins: the highest of a few round shares that is below all scores and targets."""
    shares = [share for row in rows for share in (row["score"], row["target"]) if share is not None]
    return max((floor for floor in (0.0, 0.5, 0.8, 0.9, 0.95) if floor < min(shares, default=1)), default=0.0)
