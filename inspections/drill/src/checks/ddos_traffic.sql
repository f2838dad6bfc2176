-- Conversations and packets of every minute that has any; at most a month of minutes.
SELECT
    date_trunc('minute', ts) AS minute,
    count(*) AS conversations,
    sum(pkts_out + pkts_in) AS packets,
    first_value(_evidence ORDER BY ts, _evidence, _locator) AS evidence,
    first_value(_locator ORDER BY ts, _evidence, _locator) AS locator
FROM conn
GROUP BY minute
ORDER BY minute
LIMIT 50000
