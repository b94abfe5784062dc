"""What runs beside a SavedModel: the local model server and the client. Never imports `trainer`."""
