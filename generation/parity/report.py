"""The parity report of a study: its placed texts measured, compared, scanned, and put into words and figures."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generation.lineage import opening_of
from generation.parity.comparison import Difference, compared, differences, furthest
from generation.parity.figures import Figure, differences_figure, spread_figure
from generation.parity.leaks import Leak, scan
from generation.parity.measures import Shown, measured
from surveys.models import Article, Study

PARITY, LEAKS = "parity", "leaks"
# So many arms side by side in one figure; of more there are several figures.
MOST_PANELS = 3

LABELS: dict[str, str | Promise] = {
    "words": gettext_lazy("Words"),
    "sentences": gettext_lazy("Sentences"),
    "paragraphs": gettext_lazy("Paragraphs"),
    "sentence_words": gettext_lazy("Words a sentence"),
    "reading_minutes": gettext_lazy("Reading time, minutes"),
    "reading_ease": gettext_lazy("Reading ease"),
    "lix": gettext_lazy("LIX"),
    "dates": gettext_lazy("Date words per 100"),
    "names": gettext_lazy("Names per 100 words"),
    "quotes": gettext_lazy("Quotations per 100"),
    "numbers": gettext_lazy("Numbers per 100 words"),
    "headline_words": gettext_lazy("Words in the headline"),
    "curly_quotes": gettext_lazy("Typographic quotes"),
    "markup": gettext_lazy("Markup per 100 words"),
    "flags": gettext_lazy("Screening flags"),
    "perplexity": gettext_lazy("Perplexity"),
}
KINDS: dict[str, str | Promise] = {
    "self-naming": gettext_lazy("A model speaks of itself or to its user"),
    "special-tokens": gettext_lazy("Special tokens of a model are left in the text"),
    "prompt-echo": gettext_lazy("The prompt is said again"),
    "cut-ending": gettext_lazy("The text ends in the middle of a sentence"),
    "byline": gettext_lazy("Bylines on one side only or mostly"),
    "dateline": gettext_lazy("Datelines on one side only or mostly"),
    "credit": gettext_lazy("Credits or addresses of reporters on one side only or mostly"),
    "headline": gettext_lazy("Headlines on one side only or mostly"),
    "quote-marks": gettext_lazy("One kind of quotation marks on one side only or mostly"),
    "markup": gettext_lazy("Markup or links on one side only or mostly"),
    "language": gettext_lazy("Languages on one side only or mostly"),
    "other-language": gettext_lazy("Texts in another language than they are said to be, on one side only or mostly"),
}


_HOW_TO_READ = gettext_lazy(
    "Hollow dot: small. Filled dot: from 0.25, worth a look. Diamond: from 0.8 and surely not zero, large. "
    "Arrow: beyond the figure. Lines: intervals that hold together with 95%."
)


@dataclass(frozen=True)
class Row:
    """One measure as the table shows it: numbers already in words, '' where there is none.

    ``arm`` is the machine arm that lies furthest from the real texts, where there are several, ``in_arm`` its
    difference and ``size`` that of what is judged.
    """

    label: str
    real: str
    synthetic: str
    difference: str
    size: str
    arm: str = ""
    in_arm: str = ""


@dataclass(frozen=True)
class ShownLeak:
    """A leak in words, with the articles that show it; ``arm`` is the name of the one arm that it is about, or ''."""

    label: str
    leak: Leak
    arm: str = ""


@dataclass(frozen=True)
class Side:
    """How many texts of which languages one side has."""

    texts: int
    languages: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Report:
    """All of it. ``real`` and ``synthetic`` count the texts of each side."""

    real: Side
    synthetic: Side
    differences: tuple[Difference, ...]
    leaks: tuple[Leak, ...]
    texts: tuple[Shown, ...]
    # How probable a model finds the texts: no reader sees it, so that no gate asks for it. None where none was scored.
    perplexity: Difference | None = None
    # Of each machine arm, where there are several: the gate judges by the one furthest from the real texts.
    by_arm: tuple[Difference, ...] = ()
    # The arms' names, by key.
    arms: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_comparable(self) -> bool:
        """Whether there are texts on both sides."""
        return bool(self.real.texts and self.synthetic.texts)

    @property
    def large(self) -> tuple[Difference, ...]:
        """The differences by which readers may tell the sides apart, and that chance alone would hardly make.

        Of each measure the largest: of all machine-written texts, or of those of one arm.
        """
        judged = (self.judged(difference) for difference in self.differences)
        return tuple(difference for difference in judged if difference.size == "large")

    def judged(self, pooled: Difference) -> Difference:
        """What a measure is judged by: the difference of all texts together, or of the arm that lies furthest."""
        return furthest([pooled, *self._of_arms(pooled.name)])

    def _of_arms(self, name: str) -> list[Difference]:
        return [of_arm for of_arm in self.by_arm if of_arm.name == name]

    @property
    def languages_differ(self) -> bool:
        """Whether a language stands on one side only, or on both in other shares."""
        if not self.is_comparable:
            return False
        shares = [{tag: n / side.texts for tag, n in side.languages} for side in (self.real, self.synthetic)]
        tags = {*shares[0], *shares[1]}
        return any(abs(shares[0].get(tag, 0) - shares[1].get(tag, 0)) > 1e-9 for tag in tags)

    @property
    def rows(self) -> list[Row]:
        """The differences for a table."""
        return [self._row(d) for d in (*self.differences, *([self.perplexity] if self.perplexity else []))]

    def _row(self, pooled: Difference) -> Row:
        of_arms = self._of_arms(pooled.name)
        far = furthest(of_arms) if of_arms else None
        return Row(
            str(LABELS[pooled.name]),
            _spread(pooled, "real"),
            _spread(pooled, "synthetic"),
            _standardised(pooled),
            self.judged(pooled).size,
            arm=self.arms.get(far.arm, far.arm) if far is not None else "",
            in_arm=_standardised(far) if far is not None else "",
        )

    @property
    def shown_leaks(self) -> list[ShownLeak]:
        """The leaks for a list."""
        return [ShownLeak(str(KINDS[leak.kind]), leak, self._arm_name(leak.arm)) for leak in self.leaks]

    def figures(self) -> list[Figure]:
        """How far the sides lie apart in each measure, and every text's length and readability; by arm, too."""
        title = _("Machine-written minus real, in standard deviations")
        together = _differences_figure([("", self.differences)], title)
        arms = list(dict.fromkeys(difference.arm for difference in self.by_arm))
        found = [replace(together, caption=str(_HOW_TO_READ))]
        for some in _shared_out(arms, MOST_PANELS):
            panels = [(self._arm_name(arm), [d for d in self.by_arm if d.arm == arm]) for arm in some]
            figure = _differences_figure(panels, title := _("Each arm minus real, in standard deviations"))
            # Each under a name of its own, for who hears the page.
            found.append(replace(figure, title=f"{title}: {', '.join(name for name, _found in panels)}"))
        spreads = (self._spread_figure(name, arms) for name in ("words", "reading_ease", "lix"))
        caption = _("Circles: real. Crosses: machine-written. Lines: means.")
        for figure in filter(None, spreads):
            found.append(replace(figure, caption=caption))
            caption = ""
        return found

    def _arm_name(self, key: str) -> str:
        return self.arms.get(key, key)

    def _spread_figure(self, name: str, arms: Sequence[str]) -> Figure | None:
        """Every text of one measure, the machine-written ones arm by arm where there are several; None without any."""
        labels = {"real": _("Real")} | {f"arm {arm}": self._arm_name(arm) for arm in arms}
        if not arms:
            labels["synthetic"] = _("Machine-written")
        values: dict[str, list[float]] = {row: [] for row in labels}
        for text in self.texts:
            value = measured(text)[name]
            if value is not None:
                values["real" if text.side == "real" else f"arm {text.arm}" if arms else "synthetic"].append(value)
        values = {row: found for row, found in values.items() if found}
        if "real" not in values or len(values) < 2:
            return None
        ranges = ", ".join(
            _("%(side)s %(low).0f to %(high).0f") % {"side": labels[side], "low": min(found), "high": max(found)}
            for side, found in values.items()
        )
        title = _("%(measure)s, every text") % {"measure": LABELS[name]}
        return spread_figure(values, labels, title, f"{title}: {ranges}.")

    def findings_sha256(self, gate: str) -> str:
        """The hash of what one gate found, and in which texts: an override holds for that alone."""
        found: object = (
            [[d.name, d.size, d.arm] for d in self.large]
            if gate == PARITY
            else [[x.kind, x.arm, *x.keys] for x in self.leaks]
        )
        texts = sorted([text.key, text.side, text.headline, text.text] for text in self.texts)
        return hashlib.sha256(json.dumps([gate, found, texts], ensure_ascii=False).encode()).hexdigest()


def _differences_figure(panels: Sequence[tuple[str, Sequence[Difference]]], title: str) -> Figure:
    labels = {name: str(label) for name, label in LABELS.items()}
    said = []
    for arm, found in panels:
        each = ", ".join(f"{labels[d.name]} {_standardised(d)}" for d in found if d.standardised is not None)
        said.append(f"{arm}: {each}" if arm and each else each)
    alt = _("Standardised differences: %(all)s.") % {"all": "; ".join(filter(None, said)) or _("none can be said")}
    return differences_figure(panels, labels, title, alt)


def _shared_out(arms: Sequence[str], most: int) -> list[Sequence[str]]:
    """The arms in groups of at most so many, as equal as they can be."""
    groups = -(-len(arms) // most)
    return [arms[len(arms) * n // groups : len(arms) * (n + 1) // groups] for n in range(groups)]


def report_of(study: Study) -> Report:
    """The report on the texts that would be frozen now: those that are placed in an arm. One query."""
    articles = Article.objects.standing().filter(study=study).select_related("arm").order_by("key")
    texts = tuple(
        Shown(
            key=article.key,
            arm=article.arm.key if article.arm else "",
            side=article.origin,
            headline=article.headline,
            text=article.text,
            language=article.language,
            prompt=str(article.lineage.get("prompt", {}).get("text", "")),
            opening=opening_of(article.lineage, article.text),
        )
        for article in articles
    )
    found = differences(texts)
    return Report(
        real=_side(texts, "real"),
        synthetic=_side(texts, "synthetic"),
        differences=tuple(difference for difference in found if not difference.arm),
        leaks=tuple(scan(texts)),
        texts=texts,
        by_arm=tuple(difference for difference in found if difference.arm),
        arms={article.arm.key: article.arm.label for article in articles if article.arm},
    )


def with_perplexity(found: Report, perplexities: Mapping[str, float]) -> Report:
    """The report with the perplexities of its texts, by key of their article, as one more measure."""
    scored = {
        side: [perplexities[text.key] for text in found.texts if text.side == side and text.key in perplexities]
        for side in ("real", "synthetic")
    }
    if not any(scored.values()):
        return found
    # As sure as the others, though nothing is decided by it.
    among = max((difference.among for difference in found.differences), default=1)
    apart = compared("perplexity", scored["real"], scored["synthetic"])
    return replace(found, perplexity=replace(apart, among=among))


def _side(texts: Sequence[Shown], side: str) -> Side:
    tags = Counter(text.language for text in texts if text.side == side)
    return Side(tags.total(), tuple(sorted(tags.items())))


def _standardised(found: Difference) -> str:
    """The difference with its interval in brackets."""
    if found.standardised is None:
        return ""
    if math.isinf(found.standardised):
        return "∞"
    if found.interval is None:
        return f"{found.standardised:+.2f}"
    low, high = found.interval
    return f"{found.standardised:+.2f} ({low:+.1f}…{high:+.1f})"


def _spread(difference: Difference, side: str) -> str:
    """Mean, and standard deviation in brackets, with the digits that the size of the numbers deserves."""
    found = difference.real if side == "real" else difference.synthetic
    if found is None:
        return ""
    digits = 0 if abs(found.mean) >= 100 else 1 if abs(found.mean) >= 10 else 2
    spread = "" if found.sd is None else f" ({found.sd:.{digits}f})"
    return f"{found.mean:.{digits}f}{spread}"
