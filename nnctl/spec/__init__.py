"""What a run is to be: YAML with positions, checked by signatures, frozen as a Spec."""
