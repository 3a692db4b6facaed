"""Explorer: the web page for browsing units; a static export and a live server. Not built yet."""
