"""Tillpost's backend: plain Python, without Streamlit, over a storage port."""
