"""What Tillpost can do: one module per capability, one verb per public function. No Streamlit, no engines."""
