"""PURE: what a report says of a study and cannot read from its ratings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ArmInfo:
    """An arm as the study declares it: ``label`` is what the report calls it, ``level`` its place on a scale."""

    key: str
    label: str
    origin: str = ""
    model: str = ""
    curation: str = ""
    level: float | None = None


@dataclass(frozen=True)
class StudyInfo:
    """What the report says of the study and cannot read from its ratings.

    ``arms`` in the study's order; () takes those that occur. ``outcome_label`` is the outcome in words and
    ``outcome_scale`` its range. ``attribution_item`` is the column of the five-point source attribution (1 human to 5
    machine, 3 neutral), '' without one. ``truth`` is the column that says whether an article is true: with it, what is
    compared is each person's discernment, P(yes | true) - P(yes | false). ``show_published`` draws the published
    reference lines; they belong to the credibility index alone. ``deviations`` are what was done otherwise than
    planned, a sentence each. ``unblinded``
    says when and by whom, as text. ``facts`` are the design in words, (name, value) each; ``items`` the columns of the
    items that the scale is made of, ``item_scales`` their lowest and highest answer, (column, low, high) of those that
    have them.
    """

    title: str
    study: str = ""
    version: str = ""
    mode: str = ""
    arms: tuple[ArmInfo, ...] = ()
    outcome_label: str = "credibility index (1 to 10)"
    outcome_scale: tuple[float, float] | None = (1.0, 10.0)
    show_published: bool = True
    attribution_item: str = ""
    truth: str = ""
    deviations: tuple[str, ...] = ()
    unblinded: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()
    item_scales: tuple[tuple[str, float, float], ...] = ()
    articles_known: bool = True
    persons_known: bool = True

    @property
    def labels(self) -> dict[str, str]:
        """{arm: label}."""
        return {arm.key: arm.label for arm in self.arms}

    @property
    def compared(self) -> str:
        """What is compared, in words."""
        return (
            f"discernment, P({self.outcome_label} | true) − P({self.outcome_label} | false)"
            if self.truth
            else (self.outcome_label)
        )
