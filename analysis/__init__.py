"""Comparing ratings of synthetic and real articles: pure statistics, and the seam that feeds them."""
