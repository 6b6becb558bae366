"""Whether the real and the machine-written texts of a study differ in more than who wrote them."""
