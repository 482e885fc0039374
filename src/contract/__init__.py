"""What a stage is and what it owes: parameters, streams, findings, marks, registry."""
