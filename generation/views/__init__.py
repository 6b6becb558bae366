"""The pages of generation, by subject."""
