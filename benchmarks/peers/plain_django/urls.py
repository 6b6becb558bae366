"""The addresses of the bare Django peer."""

from django.urls import path
from rating import views

urlpatterns = [
    path("", views.consent, name="consent"),
    path("article/", views.article, name="article"),
    path("end/", views.end, name="end"),
]
