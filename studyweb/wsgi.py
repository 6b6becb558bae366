"""The WSGI entry of the web processes."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyweb.settings")
application = get_wsgi_application()
# What was imported stays. Left to itself, the collector of cycles looks through all of it again and again while pages
# are served; they leave few cycles behind, so that it need not look after every 700 new objects.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
