"""The public API: what every room's endpoints stand on, API keys, webhooks and exports."""
