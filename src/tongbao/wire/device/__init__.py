"""What terminal and platform say to each other beside payments: typed messages over HTTPS."""
