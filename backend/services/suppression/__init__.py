"""The suppression list, its files, and the list that the provider's account keeps."""
