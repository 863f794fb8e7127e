"""The merchant portal: the public page and the pages of a merchant, built from web/portal.

The room serves files only. What the pages show they fetch from the API, as any other program would.
"""
