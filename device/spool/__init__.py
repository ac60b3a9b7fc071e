"""Events wait here, in memory and on disk, until a broker has them."""
