"""Invented news articles for the benchmark of the engine: no person, place or event in them is real."""

from itertools import count

from generation.engine import Prompt
from generation.engine.tokens import PromptTokens

PROMPT = Prompt(
    "The city council voted on Tuesday to close the old harbour bridge for two years, a decision that divided shop "
    "owners and residents along the waterfront. Mayor Ellen Marsh said the structure, built in 1931, could no longer "
    "carry buses safely, and that repairs would begin in March if the state agreed to pay half of the cost. Opponents "
    "of the plan said"
)

ARTICLES = (
    "A court in the lake district ruled on Monday that the owners of a paper mill must pay for the cleaning of a river "
    "that turned brown last summer. Judge Tomas Arden said the company had known for years that its filters were worn, "
    "and had put off replacing them while its profits rose. A lawyer for the mill said it would appeal. Fishermen who "
    "had lost a season's catch welcomed the ruling, but said that no sum would bring the trout back soon.",
    "Schools in the northern counties will open an hour later from January, after a two-year trial in which pupils who "
    "slept longer were absent less often. Teachers' unions had asked for the change; some parents, who leave for work "
    "before eight, opposed it. The education board said that every school would offer breakfast and supervision from "
    "half past seven, and that it would publish attendance figures each month.",
    "The price of bread rose again in March, by 4 percent, as mills passed on the cost of a poor harvest. Economists "
    "had expected a smaller increase. In the capital, bakers said that customers were buying smaller loaves and fewer "
    "cakes. The finance ministry ruled out a subsidy, and said that prices should ease in the autumn if the weather in "
    "the plains stayed mild.",
    "Engineers have found a crack in a second support of the rail viaduct at Colmer Junction, and trains between the "
    "coast and the capital will be diverted until at least the end of the month. The operator apologised to travelers "
    "and said that refunds would be paid without forms. An inspector who warned of the danger in a report three years "
    "ago said she was relieved that nobody had been hurt.",
    "Health officials urged people over sixty to be vaccinated before the winter, as hospitals reported twice as many "
    "patients with influenza as in the same week of last year. Doctor Irena Vale, who leads the regional service, said "
    "that beds were still free, but that nurses are tired. Pharmacies in small towns will open on Saturdays, and "
    "visits to nursing homes may be limited to two people at a time.",
    "The museum of navigation has bought a map that sailors drew by hand 400 years ago, after a public appeal that "
    "raised the last of the money in nine days. Curators believe that it shows an island which later charts left out. "
    "The sheet will be shown from May in a room with no daylight. Children of a primary school, who had sold cakes to "
    "help, were the first to see it.",
)


def articles(tokens: PromptTokens, number: int, length: int) -> list[str]:
    """Return so many different texts of about so many tokens: the articles' sentences, each time in another order."""
    sentences = [sentence.rstrip(".") + "." for article in ARTICLES for sentence in article.split(". ")]
    made = []
    for first in range(number):
        words = ""
        for place in count():
            longer = f"{words} {sentences[(first + place * (2 * first + 1)) % len(sentences)]}".strip()
            if tokens.count(Prompt(longer)) > length:
                break
            words = longer
        made.append(words)
    return made
