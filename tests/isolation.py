"""Loaded before Django reads its settings (`-p tests.isolation`): tests never see an installation of this machine."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="studyweb-tests-")
# WhiteNoise warns of a folder of static files that is not there, and a warning is an error here.
os.mkdir(os.path.join(_folder, "static"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ["STUDYWEB_DATA_DIR"] = _folder
os.environ["HF_HUB_OFFLINE"] = "1"
# Playwright keeps an event loop running in the thread of the tests, in which Django would refuse the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ["DJANGO_SETTINGS_MODULE"] = "studyweb.settings"
for name in ("PUBLIC_URL", "REDIS_URL", "SECRET_KEY", "IDENTITY_KEY"):
    os.environ.pop(name, None)
