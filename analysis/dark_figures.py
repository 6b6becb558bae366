"""PURE: a figure's colours where the reader's theme is dark; the drawing itself stays that of a printed page.

Nothing is imported, so that web processes, which hold neither pandas nor altair, show figures so too.
"""

# Each colour of the drawings, and what stands for it on a dark ground. Paper lets the page's own ground through.
DARK = {
    "#ffffff": "transparent",
    "#1b1b1b": "#ecebe6",
    "#5b5b5b": "#b4b3ac",
    "#dddddd": "#3f4347",
    "#f4f4f1": "#2a2d30",
    "#dfe9ef": "#233746",
    "#0b5c8a": "#74bbe8",
    "#8a4b00": "#e8a860",
    "#b3470f": "#f2915a",
    "#00735c": "#4cc7a9",
    "#8f3f71": "#e69bc8",
    "#6b5b00": "#d2bd55",
    "#3f51b5": "#a3affa",
}
_RULES = "".join(f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}' for light, dark in DARK.items())
_STYLE = f"<style>@media screen and (prefers-color-scheme: dark) {{{_RULES}}}</style>"


def follows_theme(svg: str) -> str:
    """The figure with its colours for a dark screen beside those that it has. Without a style it stays as it is."""
    head, end, rest = svg.partition(">")
    return f"{head}{end}{_STYLE}{rest}"
