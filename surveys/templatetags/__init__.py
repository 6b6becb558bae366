"""Tags of surveys for templates."""
