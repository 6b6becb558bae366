"""The whole chain with nobody at the keyboard: `make demo`. Its articles are invented and its readers are simulated."""
