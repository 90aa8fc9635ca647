"""Texts by Twilio: what its codes mean (`codes`), its client on our terms (`http`), sending and looking up (`sending`)."""
