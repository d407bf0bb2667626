"""Templates: the catalogue, drafts and versions, checks and previews."""
