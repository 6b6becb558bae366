"""A text that counts the characters taken out of it: what takes its rest at each of its words takes its square."""

from typing import SupportsIndex


class Taken(str):
    """A text, with the number of ``taken`` characters."""

    taken = 0

    def __getitem__(self, place: SupportsIndex | slice) -> str:
        found = super().__getitem__(place)
        self.taken += len(found)
        return found
