"""Prompts, models, batches, candidates and reviews: how a synthetic article is made and chosen."""
