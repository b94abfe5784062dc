"""What a model must stand before it is pushed: its ops, its loading and its answers, in a process of their own."""
