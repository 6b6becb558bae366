"""Settings of the oTree peer: one session type of three apps, as oTree's own project template has them."""

from os import environ

SESSION_CONFIGS = [{"name": "news", "app_sequence": ["consent", "rating", "finish"], "num_demo_participants": 1}]
SESSION_CONFIG_DEFAULTS = {"real_world_currency_per_point": 1.00, "participation_fee": 0.00, "doc": ""}
PARTICIPANT_FIELDS = []
SESSION_FIELDS = []
LANGUAGE_CODE = "en"
REAL_WORLD_CURRENCY_CODE = "USD"
USE_POINTS = True
ADMIN_USERNAME = "admin"
ADMIN_PASSWORD = environ["OTREE_ADMIN_PASSWORD"]
SECRET_KEY = environ["OTREE_SECRET_KEY"]
