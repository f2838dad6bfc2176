-- One row per host, bad name and indicator: by the name asked for or a name above it, or by an address in the answer.
WITH names AS (
    SELECT DISTINCT query AS name FROM dns WHERE query IS NOT NULL
),
suffixes AS (
    SELECT name, unnest(domain_suffixes(name)) AS suffix FROM names
),
listed_names AS (
    -- The same entry may stand in a list twice.
    SELECT DISTINCT
        s.name, i.domain AS bad, i.value, i.label, i.list_name, i.list_date, i.confidence, i.valid_from, i.valid_until
    FROM suffixes s JOIN indicator i ON i.domain = s.suffix
    WHERE i.kind = 'domain' AND i.warning = ''
),
listed_addresses AS (
    SELECT DISTINCT
        ip_text(network) AS address, value, label, list_name, list_date, confidence, valid_from, valid_until
    FROM indicator
    WHERE kind = 'ip' AND prefix_len = 128 AND warning = ''
),
answers AS (
    SELECT src_ip, query AS name, ts, rcode, _evidence, _locator, unnest(answers) AS answer
    FROM dns
    WHERE query IS NOT NULL
),
hits AS (
    SELECT
        d.src_ip, l.bad, 'name' AS matched, l.value, l.label, l.list_name, l.list_date, l.confidence, l.valid_from,
        l.valid_until, d.query AS name, d.ts, d.rcode, d._evidence, d._locator
    FROM dns d JOIN listed_names l ON d.query = l.name
    UNION ALL
    SELECT DISTINCT
        a.src_ip, a.name AS bad, 'answer' AS matched, l.value, l.label, l.list_name, l.list_date, l.confidence,
        l.valid_from, l.valid_until, a.name, a.ts, a.rcode, a._evidence, a._locator
    FROM answers a JOIN listed_addresses l ON a.answer = l.address
),
valid AS (
    SELECT * FROM hits
    WHERE (valid_from IS NULL OR ts >= valid_from) AND (valid_until IS NULL OR ts < valid_until)
),
-- What the host then did with the addresses that it was given.
followed AS (
    SELECT DISTINCT
        v.src_ip, v.bad, c._evidence, c._locator, c.dst_port, c.bytes_out, c.bytes_in,
        (c.bytes_out > 0 AND c.bytes_in > 0)
            OR coalesce(c.conn_state IN ('S1', 'S2', 'S3', 'SF', 'RSTO', 'RSTR') AND c.proto = 'tcp', FALSE) AS two_way
    FROM (SELECT DISTINCT src_ip, bad, name FROM valid) v
    JOIN answers a ON a.src_ip = v.src_ip AND a.name = v.name
    JOIN conn c ON c.src_ip = a.src_ip AND ip_text(c.dst_ip) = a.answer AND c.ts >= a.ts
),
exchanged AS (
    SELECT
        src_ip, bad, count(*) AS connections, sum(bytes_out) AS bytes_out, sum(bytes_in) AS bytes_in,
        bool_or(two_way) AS two_way, min(dst_port) AS dst_port
    FROM followed
    GROUP BY src_ip, bad
),
asked AS (
    SELECT
        src_ip, bad, matched, value, label, list_name, list_date, confidence,
        count(*) AS questions,
        count(DISTINCT name) AS names,
        min(name) AS example,
        min(ts) AS first,
        max(ts) AS last,
        bool_or(coalesce(rcode = 'NOERROR', FALSE)) AS answered,
        first_value(_evidence ORDER BY ts, _evidence, _locator) AS evidence,
        first_value(_locator ORDER BY ts, _evidence, _locator) AS locator
    FROM valid
    GROUP BY src_ip, bad, matched, value, label, list_name, list_date, confidence
)
SELECT
    ip_text(a.src_ip) AS host,
    a.bad AS domain,
    a.matched,
    a.value AS indicator,
    a.label,
    a.list_name AS list,
    a.list_date,
    a.confidence,
    a.questions,
    a.names,
    a.example,
    a.first,
    a.last,
    a.answered,
    coalesce(e.connections, 0) AS connections,
    coalesce(e.bytes_out, CAST(0 AS BIGINT UNSIGNED)) AS bytes_out,
    coalesce(e.bytes_in, CAST(0 AS BIGINT UNSIGNED)) AS bytes_in,
    coalesce(e.two_way, FALSE) AS two_way,
    e.dst_port,
    a.evidence,
    a.locator
FROM asked a LEFT JOIN exchanged e ON e.src_ip = a.src_ip AND e.bad = a.bad
ORDER BY host, domain, matched DESC, a.confidence DESC, list, indicator, a.label, a.list_date
