"""PURE: the flow of participants as a figure: who arrived, who was randomised, and what became of each arm."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from analysis.flow import ArmFlow, Flow, arm_in_words
from analysis.plots import FONT, GRID, INK, MUTED, Figure, svg_of

WIDTH, LINE, HEAD, ARM_WIDTH = 760, 20, 44, 200
BOX = "#f4f4f1"


def flow_figure(flow: Flow, labels: Mapping[str, str]) -> Figure:
    """The diagram of ``flow``: two boxes with those who had no arm beside them, then one row of counts an arm."""
    lost = _without_arm(flow)
    side = HEAD + LINE * max(1, len(lost))
    top_of_randomised = max(90, side + 24)
    table_top = top_of_randomised + HEAD + 34
    columns = _columns(flow)
    height = table_top + 34 + 36 * len(flow.arms)
    boxes = [
        _box(0, 0, ARM_WIDTH + 60, HEAD),
        _box(ARM_WIDTH + 130, 0, WIDTH, side),
        _box(0, top_of_randomised, ARM_WIDTH + 60, top_of_randomised + HEAD),
    ]
    boxes += [_box(0, table_top + 30 + 36 * n, WIDTH, table_top + 60 + 36 * n) for n in range(len(flow.arms))]
    middle = (ARM_WIDTH + 60) / 2
    rules = [
        _rule(middle, HEAD, middle, top_of_randomised),
        _rule(ARM_WIDTH + 60, HEAD / 2, ARM_WIDTH + 130, HEAD / 2),
        _rule(middle, top_of_randomised + HEAD, middle, table_top + 30),
    ]
    not_randomised = flow.arrived - flow.randomised
    texts = [
        _text(14, HEAD / 2, f"Arrived: {flow.arrived}", bold=True),
        _text(ARM_WIDTH + 144, HEAD / 2, f"Not randomised: {not_randomised}", bold=True),
        _text(14, top_of_randomised + HEAD / 2, f"Randomised: {flow.randomised}", bold=True),
    ]
    texts += [_text(ARM_WIDTH + 144, HEAD + 4 + LINE * n, line) for n, line in enumerate(lost)]
    step = (WIDTH - ARM_WIDTH - 20) / max(1, len(columns))
    for c, (name, _) in enumerate(columns):
        texts.append(_text(ARM_WIDTH + 20 + step * (c + 0.5), table_top + 14, name, align="center", muted=True))
    for n, arm in enumerate(flow.arms):
        y = table_top + 45 + 36 * n
        texts.append(_text(14, y, _short(arm_in_words(arm.arm, labels)), bold=True))
        for c, (_, counts) in enumerate(columns):
            texts.append(_text(ARM_WIDTH + 20 + step * (c + 0.5), y, str(counts[n]), align="center"))
    return Figure(
        name="flow",
        title="Flow of participants",
        caption="Everybody who arrived, counted once. Withdrew: answers deleted at the person's wish. No ending: "
        "under way, vanished, or still inside when the study closed.",
        alt=_alt(flow, labels, lost),
        svg=_draw(boxes, rules, texts, height),
    )


def _without_arm(flow: Flow) -> list[str]:
    counts = (
        ("did not consent", flow.no_consent),
        ("took part before", flow.took_part_before),
        ("device too small", flow.incompatible_device),
        ("screened out", flow.screened_out),
        ("failed checks", flow.failed_checks),
        ("quota full", flow.quota_full),
        ("left", flow.left),
        ("returned", flow.returned),
        ("timed out", flow.timed_out),
        ("withdrew", flow.withdrawn),
        ("no ending", flow.no_ending),
    )
    return [f"{name}: {count}" for name, count in counts if count]


def _columns(flow: Flow) -> list[tuple[str, list[int]]]:
    """The columns of counts, one value an arm; those that are not known, or all zero and say nothing, are left out."""
    arms = flow.arms

    def other(arm: ArmFlow) -> int:
        return arm.screened_out + arm.failed_checks + arm.quota_full

    def panel(arm: ArmFlow) -> int:
        return arm.returned + arm.timed_out

    columns = [
        ("Randomised", [arm.randomised for arm in arms]),
        *([("Read", [arm.exposed or 0 for arm in arms])] if all(arm.exposed is not None for arm in arms) else []),
        ("Left", [arm.left for arm in arms]),
        ("Returned", [panel(arm) for arm in arms]),
        ("Withdrew", [arm.withdrawn for arm in arms]),
        ("Excluded", [other(arm) for arm in arms]),
        ("No ending", [arm.no_ending for arm in arms]),
        ("Completed", [arm.completed for arm in arms]),
    ]
    if all(arm.analysed is not None for arm in arms):
        columns.append(("Analysed", [arm.analysed or 0 for arm in arms]))
    return [column for column in columns if column[0] not in {"Excluded", "Returned"} or any(column[1])]


def _alt(flow: Flow, labels: Mapping[str, str], lost: list[str]) -> str:
    arms = []
    columns = _columns(flow)
    for n, arm in enumerate(flow.arms):
        counts = ", ".join(f"{name.lower()} {values[n]}" for name, values in columns)
        arms.append(f"{arm_in_words(arm.arm, labels)}: {counts}.")
    reasons = f" ({', '.join(lost)})" if lost else ""
    return (
        f"Flow of participants. Arrived: {flow.arrived}. Not randomised: {flow.arrived - flow.randomised}{reasons}. "
        f"Randomised: {flow.randomised}. {' '.join(arms)}"
    ).strip()


def _short(label: str) -> str:
    return label if len(label) <= 26 else f"{label[:25]}…"


def _box(x: float, y: float, x2: float, y2: float) -> dict[str, Any]:
    return {"x": x, "y": y, "x2": x2, "y2": y2}


_rule = _box


def _text(
    x: float, y: float, text: str, *, bold: bool = False, align: str = "left", muted: bool = False
) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "style": f"{align}-{'bold' if bold else 'muted' if muted else 'plain'}"}


def _draw(boxes: list[dict[str, Any]], rules: list[dict[str, Any]], texts: list[dict[str, Any]], height: float) -> str:
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, WIDTH], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[height, 0], nice=False), axis=None)
    layers: list[alt.Chart] = [
        alt.Chart(alt.InlineData(values=rules))
        .mark_rule(color=MUTED, strokeWidth=1.5)
        .encode(x=x, y=y, x2="x2", y2="y2"),
        alt.Chart(alt.InlineData(values=boxes))
        .mark_rect(fill=BOX, stroke=GRID, strokeWidth=1.5)
        .encode(x=x, y=y, x2="x2", y2="y2"),
    ]
    for style in sorted({text["style"] for text in texts}):
        align, weight = style.split("-")
        layers.append(
            alt.Chart(alt.InlineData(values=[text for text in texts if text["style"] == style]))
            .mark_text(
                align="center" if align == "center" else "left",
                fontWeight="bold" if weight == "bold" else "normal",
                color=MUTED if weight == "muted" else INK,
                font=FONT,
                fontSize=13,
            )
            .encode(x=x, y=y, text="text:N")
        )
    return svg_of(alt.layer(*layers).properties(width=WIDTH, height=height), "Flow of participants")
