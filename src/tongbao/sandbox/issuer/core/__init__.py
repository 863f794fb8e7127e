"""The issuer's decisions and bookings as pure functions; nothing in here touches the world."""
