"""A worded message in the form that each receiver takes: Slack's blocks, a Teams card, a mail."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from html import escape
from typing import Any

from dq_pipeline import __version__
from dq_pipeline.config.telling import EmailChannel
from dq_pipeline.telling.message import Message
from dq_pipeline.telling.wording import Part, Worded

# What Slack takes: https://docs.slack.dev/reference/block-kit/blocks
SLACK_HEADER, SLACK_SECTION = 150, 3000
# A card of a Teams workflow may have 28 KB.
TEAMS_PART = 2500
_CARD = "application/vnd.microsoft.card.adaptive"


def slack(words: Worded, link: str | None) -> dict[str, Any]:
    """The body for a Slack incoming webhook: `text` for the notification, blocks for the reader."""
    header = {"type": "header", "text": {"type": "plain_text", "text": _cut(words.headline, SLACK_HEADER)}}
    blocks: list[dict[str, Any]] = [header]
    for part in words.parts:
        lines = [f"*{_slack(part.heading)}*"] * bool(part.heading) + [f"• {_slack(line)}" for line in part.lines]
        text = _cut("\n".join(lines), SLACK_SECTION)
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    if link:
        button = {"type": "button", "text": {"type": "plain_text", "text": words.button}, "url": link}
        blocks.append({"type": "actions", "elements": [button]})
    return {"text": _slack(words.headline), "blocks": blocks}


def teams(words: Worded, link: str | None) -> dict[str, Any]:
    """The body for a Teams workflow ("when a webhook request is received"): a message with one Adaptive Card."""
    color = "Good" if words.is_good else "Attention"
    style = {"size": "Large", "weight": "Bolder", "color": color}
    body = [_block(_card_text(words.headline), **style)]
    for part in words.parts:
        if part.heading:
            body.append(_block(_card_text(part.heading), weight="Bolder", spacing="Medium"))
        text = "\n".join(f"- {_card_text(line)}" for line in part.lines)
        body.append(_block(_cut(text, TEAMS_PART)))
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "msteams": {"width": "Full"},
    }
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": words.button, "url": link}]
    return {"type": "message", "attachments": [{"contentType": _CARD, "contentUrl": None, "content": card}]}


def mail(words: Worded, message: Message, channel: EmailChannel, language: str) -> EmailMessage:
    """The mail, plain text first and HTML beside it, with the headers that keep automatic answers away."""
    made = EmailMessage()
    made["From"] = Address(display_name="dq_pipeline", addr_spec=channel.sender)
    made["To"] = [Address(addr_spec=address) for address in channel.to]
    made["Subject"] = " ".join(words.headline.split())
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = make_msgid(domain=channel.sender.rpartition("@")[2])
    made["Content-Language"] = language
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made["X-Mailer"] = f"dq_pipeline {__version__}"
    made["X-DQ-Run"] = f"{message.run_id}/{message.attempt}"
    made["X-DQ-Verdict"] = "test" if message.is_test else message.verdict
    if not words.is_good and not message.is_test:
        made["Importance"] = "high"
    made.set_content(words.text)
    made.add_alternative(_page(words, message.link, language), subtype="html")
    return made


def _page(words: Worded, link: str | None, language: str) -> str:
    parts = "".join(_html(part) for part in words.parts)
    button = f'<p><a href="{escape(link)}">{escape(link)}</a></p>' if link else ""
    color = "#1a7f37" if words.is_good else "#b42318"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(words.headline)}</title>'
        f'</head><body style="font-family: sans-serif; line-height: 1.4; max-width: 45em">'
        f'<h1 style="font-size: 1.2em; color: {color}">{escape(words.headline)}</h1>{parts}{button}</body></html>\n'
    )


def _html(part: Part) -> str:
    heading = f'<h2 style="font-size: 1em">{escape(part.heading)}</h2>' if part.heading else ""
    return f"{heading}<ul>{''.join(f'<li>{escape(line)}</li>' for line in part.lines)}</ul>"


def _slack(text: str) -> str:
    """Slack reads these three as commands: links, mentions, entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _card_text(text: str) -> str:
    """A card's text is a little Markdown: what would be a link or a style is written as it stands."""
    for sign in "\\*[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _block(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **style}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
