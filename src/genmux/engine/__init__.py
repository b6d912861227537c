"""The letter-box: the only floor that touches the network, the clock and chance."""
