"""The institution: law, people, pages. The only package that knows the country it serves."""
