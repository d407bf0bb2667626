"""What the HTTP API does beside the services of each noun: requests that happen once, request limits, intake."""
