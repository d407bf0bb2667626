"""What `make bench` measures: speed and cost, with the naive way beside each in the same run.

    running ──▶ top        kept leaderboards, beside GROUP BY and pandas
            ──▶ intake     placing orders through the service, each durable
            ──▶ importing  a Shopify export, beside pandas
            ──▶ lists      what pages read, in the largest shop
            ──▶ pages      pages over a websocket and in a browser (scripts/measure_pages.py)
            ──▶ capacity   requests and units on DynamoDB
            ──▶ mail_sending  emails rendered and sent, beside django-post_office and boto3 alone
    big_shop: shops of any size, kept between runs

Times depend on the machine and on what else it does, so no test checks one.
"""
