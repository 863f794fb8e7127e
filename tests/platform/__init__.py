# The folder is named after the package it tests.  # noqa: A005
