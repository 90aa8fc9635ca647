"""Addresses of the operators' process: the Django admin and nothing else."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("", admin.site.urls)]
