"""A pipeline's namespaces in processes of their own: how many, what they are handed, and what comes of it."""
