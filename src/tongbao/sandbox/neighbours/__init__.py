"""Who else lives in the sandbox: phones that get text messages, a bank, lists of names, people."""
