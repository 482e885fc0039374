"""A page in the browser, to listen before anything is written: `serving` starts it, `page` is shown."""
