"""What the flows stand on; siblings meet only through types and the ports that they are given."""
