"""The benchmark of a sale: simulated terminals and a stand-in issuer around the real host.

Three processes: the one that reports prepares the folder and checks the books at the end; the host
is the real one; the load generator holds every terminal and the stand-in issuer, on real sockets.
"""
