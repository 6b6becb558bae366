"""Studies, articles, participants and their answers. Knows nothing of generation or analysis."""
