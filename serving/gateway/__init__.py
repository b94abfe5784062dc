"""JSON over HTTP for shops that do not speak gRPC: a thin layer over the client and the feedback log."""
