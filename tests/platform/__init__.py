# noqa: A005 - the folder is named after the package it tests
