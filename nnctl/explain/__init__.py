"""What a trained network or a training shows: predictions, a diagnosis, a comparison."""
