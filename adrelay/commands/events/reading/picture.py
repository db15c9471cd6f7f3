"""Draw a correlated tree as one HTML file: a lane per service, a row per event, curves by cause."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from uuid import UUID

from adrelay.commands.events.reading.find import Found
from adrelay.names import SERVICES
from adrelay.terminal.moments import clock, duration
from libs.chassis.plain_values import contents
from libs.eventsourcing.operations import Visit

ROW = 26
LANE = 34
TOP = 20
LONG_GAP_SECONDS = 5.0
_COLOURS = ("#3b7dd8", "#2a9d6f", "#c27c0e", "#b5485f", "#7a5bc7", "#5b7083")

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --dim: #6b7885; --line: #d7dde3; --paper: #ffffff;
  --mark: #fff3c4 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --dim: #93a0ad; --line: #35404b;
  --paper: #151b21; --mark: #4a3f14 } }
body { margin: 2rem; background: var(--paper); color: var(--ink); font: 14px/1.4 system-ui, sans-serif }
h1 { font-size: 1.2rem; margin: 0 0 .3rem } p { color: var(--dim); margin: 0 0 1rem }
.legend span { margin-right: 1.2em } .legend i { display: inline-block; width: .7em; height: .7em;
  border-radius: 50%; margin-right: .4em }
.tree { position: relative } .tree svg { position: absolute; left: 0; top: 0 }
.row { height: ROWpx; display: flex; align-items: center; white-space: nowrap; border-radius: 4px }
.row:hover { background: color-mix(in srgb, var(--dim) 14%, transparent) }
.row.asked { background: var(--mark) } .row.wait { color: var(--dim); font-style: italic }
.row .time { width: 7.5em; text-align: right; color: var(--dim); font-variant-numeric: tabular-nums }
.row .gap { width: 7em; text-align: right; color: #2a9d6f; font-variant-numeric: tabular-nums }
.row .type { margin-left: 1em; font-weight: 600 } .row .who { margin-left: .8em; color: var(--dim) }
details { display: contents } summary { list-style: none; cursor: pointer }
summary::-webkit-details-marker { display: none }
.data { position: relative; z-index: 1; background: var(--paper); border: 1px solid var(--line);
  border-radius: 6px; margin: 0 0 6px; padding: .6em 1em; white-space: pre-wrap; font-size: 12px }
"""


def picture(key: str, found: Found, visits: Sequence[Visit], left_out: int, data: Mapping[str, str]) -> str:
    """Return the page; rows are ordered by time, `data` is the events' by id."""
    if not visits:
        return ""
    in_order = sorted(visits, key=lambda visit: (visit.node.event.at, visit.depth))
    begin = in_order[0].node.event.at
    rows: list[str] = []
    row_of: dict[UUID, int] = {}
    before = begin
    for visit in in_order:
        event = visit.node.event
        waited = (event.at - before).total_seconds()
        if waited >= LONG_GAP_SECONDS:
            rows.append(f'<div class="row wait"><span class="time">⋮ {escape(duration(waited))}</span></div>')
        row_of[event.id] = len(rows)
        rows.append(_row(visit, found, begin, data))
        before = event.at
    lasted = duration((before - begin).total_seconds())
    summary = f"{len(visits)} events in {lasted}, from {clock(begin)} UTC on"
    if left_out:
        summary += f"; {left_out} more between them are left out"
    width = LANE * (len(SERVICES) + 1)
    body = "\n".join(rows)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(key)}</title>
<style>{_STYLE.replace("ROW", str(ROW))}
.row {{ padding-left: {width}px }}</style></head><body>
<h1>{escape("; ".join(found.names))}</h1><p>{escape(summary)}. Click a row for the event's data.</p>
<p class="legend">{_legend()}</p>
<div class="tree">{_lanes(in_order, row_of, width, len(rows) * ROW)}
{body}
</div></body></html>
"""


def _colour(service: str) -> str:
    return _COLOURS[SERVICES.index(service) if service in SERVICES else -1]


def _legend() -> str:
    return "".join(f'<span><i style="background:{_colour(name)}"></i>{name}</span>' for name in SERVICES)


def _row(visit: Visit, found: Found, begin: datetime, data: Mapping[str, str]) -> str:
    event = visit.node.event
    gap = "" if visit.cause is None else f"+{duration((event.at - visit.cause.event.at).total_seconds())}"
    data_text = json.dumps(contents(data.get(str(event.id), "{}")), ensure_ascii=False, indent=1)
    asked = " asked" if found.is_about(event) else ""
    about = f"{event.stream} v{event.version} · {event.actor}"
    title = f"{event.stream}\n{clock(event.at)} UTC\n{event.id}\n{event.actor}\n\n{data_text}"
    return (
        f'<div class="row{asked}" title="{escape(title)}">'
        f'<span class="time">{(event.at - begin).total_seconds():.3f} s</span>'
        f'<span class="gap">{escape(gap)}</span>'
        f'<span class="type" style="color:{_colour(visit.node.service)}">{escape(event.type)}</span>'
        f'<span class="who">{escape(about)}</span></div>'
    )


def _lanes(visits: Sequence[Visit], row_of: Mapping[UUID, int], width: int, height: int) -> str:
    lanes = [
        f'<line x1="{_x(name)}" y1="0" x2="{_x(name)}" y2="{height}" stroke="var(--line)"/>'
        for name in SERVICES
    ]
    curves: list[str] = []
    dots: list[str] = []
    for visit in visits:
        x, y = _x(visit.node.service), _y(row_of[visit.node.event.id])
        colour = _colour(visit.node.service)
        dots.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"/>')
        if visit.cause is not None and visit.cause.event.id in row_of:
            curves.append(_curve(_x(visit.cause.service), _y(row_of[visit.cause.event.id]), x, y, colour))
    return (
        f'<svg width="{width}" height="{height}" aria-hidden="true">'
        + "".join((*lanes, *curves, *dots))
        + "</svg>"
    )


def _x(service: str) -> int:
    return TOP + LANE * (SERVICES.index(service) if service in SERVICES else len(SERVICES))


def _y(row: int) -> float:
    return row * ROW + ROW / 2


def _curve(x1: int, y1: float, x2: int, y2: float, colour: str) -> str:
    bend = min(ROW * 1.2, abs(y2 - y1) / 2)
    side = -LANE * 0.4 if x1 == x2 else 0
    return (
        f'<path d="M{x1} {y1} C{x1 + side} {y1 + bend} {x2 + side} {y2 - bend} {x2} {y2}" '
        f'fill="none" stroke="{colour}" stroke-width="1.5" opacity=".7"/>'
    )
