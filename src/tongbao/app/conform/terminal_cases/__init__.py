"""What a terminal must do: groups of cases, in the order they are played."""
