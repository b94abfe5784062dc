"""What `shoprank benchmark serve` measures: requests over gRPC, a swap of versions, sizes and load times."""
