"""Use cases: one public function is one transaction is one audit event."""
