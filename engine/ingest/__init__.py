"""The camera worker: source to recorder, decoder and ring."""
