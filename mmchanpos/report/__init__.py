"""Tables, figures and one-file HTML."""
