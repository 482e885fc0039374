"""The contract every stage keeps, as tests that third parties can run over their own stages."""
