"""Data: files and built-in sets become X, Y and names. Examples are rows out there and columns in here."""
