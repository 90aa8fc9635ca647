"""The ways out. Each provider is a module of its own behind the interface of `base`; `registry` knows them by channel."""
