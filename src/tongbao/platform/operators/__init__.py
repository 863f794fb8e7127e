"""Who works at a terminal and what opens its functions: operators, PINs, function codes."""
