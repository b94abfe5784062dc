"""What is learned from the feedback log: reading it, joining rewards, updating the posterior, exports."""
