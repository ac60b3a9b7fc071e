"""What each page looks like, as HTML made here: one file a page, none of which asks anybody for anything."""
