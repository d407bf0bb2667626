"""How the installation is: heartbeats, health, queue, store use and cost, objectives."""
