"""What starts automations: which are on, and the triggers written in the transaction of an event."""
