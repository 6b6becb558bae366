"""The Django application of prompts, batches, candidates and reviews."""

from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "generation"
