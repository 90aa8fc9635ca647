"""The Doctolib of the sandbox: practitioners' calendars over HTTP."""
