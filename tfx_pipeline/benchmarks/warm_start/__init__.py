"""What continued training saves, and whether it costs quality."""
