"""``srez retailcrm``: RetailCRM's order history, page by page, into ``/hooks/{source}``.

Asks ``orders/history`` after the cursor → posts the page as it came → waits for the 2xx → moves the cursor. Killed
anywhere, it sends a page twice at worst, and a page sent twice changes nothing.
"""
