"""The shell of every page: layout, forms, CSRF, error pages, Spanish dates and plurals, static assets."""
