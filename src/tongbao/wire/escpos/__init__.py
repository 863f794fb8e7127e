"""ESC/POS, the command language of receipt printers: builder, typed operations and parser.

Only the subset that our slips use exists. What the builder writes the parser reads back, so that a
printed slip can be drawn, scanned and compared in tests.
"""
