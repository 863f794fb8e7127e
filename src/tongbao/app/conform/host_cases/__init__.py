"""What a host must do: groups of cases, in the order they are played."""
