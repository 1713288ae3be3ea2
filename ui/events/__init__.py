"""Events: the panel beside the wall and the page to search them."""
