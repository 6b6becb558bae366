"""Openings of invented news, and the same events told anew by somebody who had read them."""

ANEW = (
    (
        "The council of the invented town of Northgate voted on Tuesday to close its old bridge, which "
        "engineers had found unsafe in the spring.",
        "After months of complaints from drivers, the town of Northgate has decided that nobody will cross "
        "the old bridge any more.",
    ),
    (
        "WASHINGTON — The Senate on Wednesday approved a spending bill that would keep the government open "
        "until December, averting a shutdown that had loomed for weeks.",
        "Lawmakers in Washington avoided a shutdown of the government with hours to spare, passing a bill on "
        "Wednesday that pays for everything until the end of the year.",
    ),
    (
        "A South Korean court on Friday sentenced the former head of the country's largest shipping company "
        "to seven years in prison for bribing officials of the port authority.",
        "The man who once ran South Korea's biggest shipping line will go to prison for seven years, a judge "
        "in Seoul ruled, because he paid officials for berths in the port.",
    ),
    (
        "Health officials in the northern district reported eleven new cases of measles on Monday and urged "
        "parents to have their children vaccinated before the school year begins.",
        "With the school year about to begin, the outbreak of measles in the north of the country is growing:"
        " eleven children fell ill over the weekend, officials said.",
    ),
    (
        "The price of bread rose by a fifth in the capital this month, the steepest increase in ten years, as"
        " the drought in the south drove up the cost of wheat.",
        "Bakers in the capital charge a fifth more for a loaf than they did a month ago, and they blame the drought.",
    ),
    (
        "Police arrested three men on Thursday night in connection with the theft of paintings worth two "
        "million dollars from a private museum outside the city.",
        "Three suspects are in custody after the burglary at the museum outside the city, where paintings "
        "worth two million dollars had disappeared.",
    ),
    (
        "The country's central bank raised its key interest rate by half a percentage point on Tuesday, "
        "saying that inflation had proved more stubborn than expected.",
        "Borrowing will become more expensive: the central bank surprised markets on Tuesday with a rise of "
        "half a point.",
    ),
    (
        "A ferry carrying more than two hundred passengers ran aground near the island of Saltholm early on "
        "Sunday, but nobody was seriously hurt, the coast guard said.",
        "Passengers of a ferry spent the night on deck after the ship hit rocks off Saltholm. Nobody was "
        "seriously hurt.",
    ),
    (
        "The president of the university said on Monday that she would resign at the end of the term, after "
        "students had occupied the main hall for nine days.",
        "Nine days after students took over the main hall, the president of the university gave in and "
        "announced that she would leave.",
    ),
    (
        "Researchers have found traces of a settlement that is some four thousand years old beneath a car "
        "park in the centre of the city, the antiquities service announced.",
        "Where residents of the city used to leave their cars, archaeologists now dig: beneath the asphalt "
        "lie houses that are four thousand years old.",
    ),
    (
        "North Korea has fired two missiles into the sea off its eastern coast, the military of South Korea "
        "said on Saturday, days before talks were to resume.",
        "Days before talks between the two Koreas were to resume, the North has again fired missiles into the sea.",
    ),
    (
        "The government will pay farmers for leaving a tenth of their land fallow, the minister of "
        "agriculture said on Friday, in an effort to bring back birds and insects.",
        "Birds and insects are to return to the fields: the minister of agriculture wants to pay farmers who "
        "leave a tenth of the land to itself.",
    ),
)
EDITED = (
    (
        "The council of the invented town of Northgate voted on Tuesday to close its old bridge, which "
        "engineers had found unsafe in the spring.",
        "The council of the invented town of Northgate voted on Tuesday to close its wooden bridge, which "
        "engineers had found unsafe in the autumn.",
    ),
    (
        "WASHINGTON — The Senate on Wednesday approved a spending bill that would keep the government open "
        "until December, averting a shutdown that had loomed for weeks.",
        "The Senate approved a spending bill that would keep the government open until December, averting a "
        "shutdown that had loomed for weeks.",
    ),
    (
        "A South Korean court on Friday sentenced the former head of the country's largest shipping company "
        "to seven years in prison for bribing officials of the port authority.",
        "A South Korean court on Monday sentenced the former head of the country's largest shipping company "
        "to a fine of two million dollars for bribing officials of the port authority.",
    ),
    (
        "Health officials in the northern district reported eleven new cases of measles on Monday and urged "
        "parents to have their children vaccinated before the school year begins.",
        "Eleven new cases of measles were reported by health officials in the northern district on Monday. "
        "They urged parents to have their children vaccinated.",
    ),
    (
        "The price of bread rose by a fifth in the capital this month, the steepest increase in ten years, as"
        " the drought in the south drove up the cost of wheat.",
        "The price of bread rose by a fifth in the capital this month.",
    ),
    (
        "Researchers have found traces of a settlement that is some four thousand years old beneath a car "
        "park in the centre of the city, the antiquities service announced.",
        "A settlement that is some four thousand years old has been found beneath a car park in the centre of"
        " the city.",
    ),
)
