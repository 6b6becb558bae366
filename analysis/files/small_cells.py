"""PURE: groups so small that somebody in them could be recognised; they are warned about, nothing is taken out."""

from collections import Counter

import pandas as pd

SMALLEST = 5
# One code or several of a fixed list: free text and numbers are no groups.
_GROUPING = frozenset({"single", "likert", "multiple"})
_NAMED = 8


class SmallCells:
    """Counts people by what they said of themselves, chunk by chunk; ``warnings`` names groups below ``SMALLEST``.

    Memory is that of the distinct answers and of the distinct combinations, never of the people.
    """

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, str]] = Counter()
        self._combinations: Counter[int] = Counter()
        self._strata: Counter[str] = Counter()

    def add(self, answers: pd.DataFrame, participants: pd.DataFrame) -> None:
        """Count the people of these chunks."""
        of_person = answers[
            answers["kind"].isin(_GROUPING) & (answers["state"] == "answered") & (_articles(answers) == "")
        ]
        for item, value in zip(of_person["item"], of_person["value"], strict=True):
            for code in str(value).split():
                self._answers[str(item), code] += 1
        ordered = of_person.sort_values(["participant", "item"], kind="stable")
        for _, said in ordered.groupby("participant")[["item", "value"]]:
            self._combinations[hash(tuple(map(tuple, said.to_numpy().tolist())))] += 1
        if "stratum" in participants.columns:
            self._strata.update(str(stratum) for stratum in participants["stratum"] if stratum)

    def warnings(self) -> list[str]:
        """A sentence for each kind of small group that there is."""
        found = []
        small = sorted((key, n) for key, n in self._answers.items() if n < SMALLEST)
        if small:
            named = ", ".join(f"{item} = {code} ({n})" for (item, code), n in small[:_NAMED])
            more = f" and {len(small) - _NAMED} more" if len(small) > _NAMED else ""
            found.append(
                f"Answers that fewer than {SMALLEST} people gave: {named}{more}. Think of joining such groups before "
                "you pass the data on."
            )
        strata = sorted(stratum for stratum, n in self._strata.items() if n < SMALLEST)
        if strata:
            found.append(f"Strata with fewer than {SMALLEST} people: {', '.join(strata[:_NAMED])}.")
        alone = sum(n == 1 for n in self._combinations.values())
        if alone:
            found.append(
                f"{alone} {'person is' if alone == 1 else 'people are'} alone with a combination of answers about "
                "themselves: somebody who knows them could find them in these files."
            )
        return found


def _articles(answers: pd.DataFrame) -> pd.Series:
    """The article of each answer, '' where it is about the person; steps tell it where articles are masked."""
    if "article" in answers.columns:
        return answers["article"].fillna("")
    about = answers["step"].str.startswith(("reading-", "looking-back-"))
    return about.map({True: "article", False: ""})
