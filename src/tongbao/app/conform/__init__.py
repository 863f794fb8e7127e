"""The conformance kit: plays the other side and grades any terminal or host of the dialect."""
