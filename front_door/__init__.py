"""What every request and every connection passes before Streamlit and the API see it."""
