"""Activities: what a vendor's audit record says, normalised to one shape."""
