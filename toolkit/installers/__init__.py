"""Where a certificate goes after it is live: files of their own for services, and deploy hooks."""
