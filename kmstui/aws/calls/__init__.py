"""One call to AWS: its thread, its pace, its retries, and what its errors mean."""
