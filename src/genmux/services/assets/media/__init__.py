"""What files are, by their content. All but `signatures` and `orders` runs in a process of its own: foreign files are dangerous."""
