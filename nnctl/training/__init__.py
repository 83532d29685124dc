"""From a spec to a trained network in a run's folder."""
