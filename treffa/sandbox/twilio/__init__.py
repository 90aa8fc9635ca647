"""The Twilio of the sandbox: the REST endpoints for messages, and signed status callbacks."""
