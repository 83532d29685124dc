"""What stays of a training: a folder with its files, the model in it, and how a run is found again."""
