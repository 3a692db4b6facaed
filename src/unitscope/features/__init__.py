"""Features: receptive fields, neuron features, colour indexes. Not built yet."""
