"""`tongbao demo`: a scripted day with real processes, and the comparison of the three books."""
