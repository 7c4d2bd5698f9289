"""A believable tenant with attacks, as activities and the truth about them."""
