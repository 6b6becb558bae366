"""The browser in which participants' pages are tried."""

from tests.browser import chromium as chromium
