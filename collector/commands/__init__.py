"""Commands with a file of their own: what they take, whom they ask, what they print. ``cli.py`` lists them."""
