"""All that the author of a provider imports: manifests, params, HTTP as values, wires, error maps."""
