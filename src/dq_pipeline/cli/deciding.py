"""`dq review decide`: pair by pair in the terminal, each decision written at once."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.table import Table

from dq_pipeline.cli.base import out, project_option, waiting
from dq_pipeline.cli.reviewing import review
from dq_pipeline.cli.serving import user_name
from dq_pipeline.errors import ConfigError

if TYPE_CHECKING:
    from dq_pipeline.config import Project
    from dq_pipeline.linkage.judgements import Judgement

_DECISIONS = {"s": "same", "d": "different", "u": "unsure"}
_KEYS = "s same, d different, u unsure, w why (said with the next decision), z undo, n next, p previous, q quit"
# As Ctrl-C, Ctrl-D and Escape say it too.
_QUIT = ("q", "\x03", "\x04", "\x1b")


@review.command("decide")
@project_option
@click.argument("entity", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many pairs at most.")
@click.option("--by", "decided_by", help="Who decides; asked for if left out.")
@click.option("--unmasked", is_flag=True, help="Show personal values in clear.")
def decide_(project_path: Path, entity: str | None, limit: int, decided_by: str | None, unmasked: bool) -> None:
    """Decide pair by pair in the terminal.

    The pairs of ENTITY, or of all, in the order of the report. Each key press is written at once, so that you can quit
    and go on later: what is decided is not asked again, unless a record changed. Personal values are masked.

    \b
    Examples:
      dq review decide customer
      dq review decide --by "Ann Lee" --unmasked
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.deciding import waiting_pairs

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "deciding by keys needs a terminal, and this is none",
            remedy="`dq review export` writes the pairs as a sheet, `dq review import` takes it back",
        )
    project = load_project(project_path)
    with waiting("reading the pairs"):
        found = waiting_pairs(project, entity, limit, unmasked=unmasked)
    before = [pair for pair in found.pairs if found.judgement(pair)]
    session = Session(project, [pair for pair in found.pairs if not found.judgement(pair)], len(before))
    if session.pairs:
        session.by = (decided_by or "").strip() or click.prompt("Decided by", default=user_name()).strip()
        session.run()
    elif before:
        out.print(f"All pairs are decided ({len(before)}). Next: dq run")
    else:
        out.print("No pair waits for a decision.")


@dataclass
class Session:
    """One sitting: the pairs that wait, where one is, and what was decided, the last one last."""

    project: "Project"
    pairs: list[dict[str, Any]]
    done_before: int
    by: str = ""
    at: int = 0
    why: str = ""
    decided: dict[int, "Judgement"] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Show, ask and write until all is decided or one quits."""
        out.print(_KEYS)
        self.show()
        while True:
            try:
                key = click.getchar()
            except (EOFError, KeyboardInterrupt):
                break
            if key in _QUIT or not self.press(key.lower()):
                break
        out.print(f"{len(self.decided)} decided now, {self.open} left. Next: dq run")

    @property
    def open(self) -> int:
        """How many pairs still wait."""
        return len(self.pairs) - len(self.decided)

    def press(self, key: str) -> bool:
        """Do what a key means; false when every pair is decided."""
        if key in _DECISIONS:
            self.decide(_DECISIONS[key])
            return bool(self.open)
        if key == "z":
            self.undo()
        elif key == "w":
            self.why = click.prompt("Why", default="", show_default=False).strip()
            out.print("It is said with your decision.")
        elif key in ("n", "p"):
            self.at = min(max(self.at + (1 if key == "n" else -1), 0), len(self.pairs) - 1)
            self.show()
        else:
            out.print(_KEYS)
        return True

    def decide(self, judgement: str) -> None:
        """Write a decision on the pair that is shown, and go to the next that waits."""
        from dq_pipeline.deciding import decide, pair_of

        pair, held = self.pairs[self.at], self.decided.get(self.at)
        try:
            self.decided[self.at] = decide(
                self.project,
                pair["entity"],
                pair_of(pair),
                judgement,
                decided_by=self.by,
                why=self.why,
                before=held.judgement if held else "",
            )
        except ConfigError as error:
            out.print(f"[bold]not saved[/bold] {escape(str(error))}")
            return
        self.why = ""
        if held is None:
            self.steps.append(self.at)
        out.print(f"[bold]{judgement}[/bold], saved")
        rest = [place for place in range(len(self.pairs)) if place not in self.decided]
        if rest:
            self.at = next((place for place in rest if place > self.at), rest[0])
            self.show()

    def undo(self) -> None:
        """Take the last decision of this sitting out of the file again, and show its pair."""
        from dq_pipeline.deciding import take_back

        if not self.steps:
            out.print("There is nothing to undo in this sitting; decide a pair otherwise instead.")
            return
        place = self.steps.pop()
        try:
            take_back(self.project, self.pairs[place]["entity"], self.decided.pop(place))
        except ConfigError as error:
            out.print(f"[bold]not undone[/bold] {escape(str(error))}")
            return
        out.print("undone")
        self.at = place
        self.show()

    def show(self) -> None:
        """The pair at hand: progress, both records side by side, what speaks for and against, what is at stake."""
        pair = self.pairs[self.at]
        count = self.done_before + len(self.decided)
        place = self.done_before + self.at + 1
        out.print(f"\n[bold]{place} of {self.done_before + len(self.pairs)}, {count} decided[/bold]")
        told = self.decided.get(self.at)
        if told:
            out.print(f"decided: {told.judgement}")
        _print_pair(pair)


def _print_pair(pair: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in (pair["entity"], pair["record_id_l"], pair["record_id_r"], ""):
        table.add_column(escape(name), overflow="fold")
    for one in pair["fields"]:
        cells = ["" if one[side] is None else escape(str(one[side])) for side in ("left", "right")]
        differs = one["agreement"] == "different"
        cells = [f"[bold]{cell}[/bold]" if differs else cell for cell in cells]
        mark = f"≠ {one['agreement']}" if differs else one["agreement"]
        table.add_row(escape(one["column"]), *cells, mark)
    out.print(table)
    if pair["evidence"]:
        listed = "; ".join(
            f"{one['what']} ({one['level']}): {one['words']}" if one["level"] else f"{one['what']}: {one['words']}"
            for one in pair["evidence"]
        )
        out.print(escape(f"Evidence: {listed}. Together: {pair['speaks']}."))
    out.print(escape(f"Why it is asked: {pair['reason'] or 'unsure'}"))
    if pair["open_orders"]:
        out.print(escape(f"Open orders at stake: {pair['open_orders']} ({', '.join(pair['open_order_ids'][:5])})"))
