"""What all pages share: the frame, the guard, state, formats, tables and charts."""
