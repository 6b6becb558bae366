"""The way in which passwords are hashed, with as little work as it takes: the tests hash hundreds of them."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with its least costs."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
