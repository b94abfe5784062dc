"""How well the anomaly score finds programs among generated users, and how many real users it takes for one."""
