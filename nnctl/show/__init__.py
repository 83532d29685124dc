"""What a person sees: progress and tables by rich, pictures by matplotlib."""
