-- How much there is to match, and to match against.
SELECT
    (SELECT count(*) FROM conn) AS conversations,
    (SELECT count(*) FROM dns WHERE query IS NOT NULL) AS questions,
    (SELECT count(*) FROM indicator WHERE kind = 'ip' AND warning = '') AS addresses,
    (SELECT count(*) FROM indicator WHERE kind = 'domain' AND warning = '') AS domains
