"""What a person can do with keys, its ports, its errors and the state it keeps."""
