"""Reports for people: what a render found and did, as one file to send, file and print."""
