-- One row per host, listed address, protocol, who called and indicator.
--
-- Distinct addresses times distinct prefix lengths are few; each gives one network to look up, so that the match is an
-- equi-join whatever the size of the lists.
WITH lengths AS (
    SELECT DISTINCT prefix_len FROM indicator WHERE kind = 'ip'
),
addresses AS (
    SELECT dst_ip AS ip FROM conn
    UNION
    SELECT src_ip AS ip FROM conn
),
networks AS (
    SELECT a.ip, l.prefix_len, ip_prefix(a.ip, l.prefix_len) AS network
    FROM addresses a CROSS JOIN lengths l
),
listed AS (
    -- The same entry may stand in a list twice.
    SELECT DISTINCT
        n.ip, i.prefix_len, i.value, i.label, i.list_name, i.list_date, i.confidence, i.valid_from, i.valid_until
    FROM networks n
    JOIN indicator i ON i.network = n.network AND i.prefix_len = n.prefix_len
    WHERE i.kind = 'ip' AND i.warning = ''
),
-- From the host's side: `sent` is what it sent to the listed address.
seen AS (
    SELECT
        l.*, c.src_ip AS host, FALSE AS inbound, c.proto, c.dst_port, c.ts, c.bytes_out AS sent, c.bytes_in AS received,
        c.conn_state, c._evidence, c._locator
    FROM conn c JOIN listed l ON c.dst_ip = l.ip
    UNION ALL
    SELECT
        l.*, c.dst_ip AS host, TRUE AS inbound, c.proto, c.dst_port, c.ts, c.bytes_in AS sent, c.bytes_out AS received,
        c.conn_state, c._evidence, c._locator
    FROM conn c JOIN listed l ON c.src_ip = l.ip
)
SELECT
    ip_text(host) AS host,
    ip_text(ip) AS address,
    proto,
    inbound,
    value AS indicator,
    label,
    list_name AS list,
    list_date,
    confidence,
    count(*) AS connections,
    min(ts) AS first,
    max(ts) AS last,
    sum(sent) AS bytes_out,
    sum(received) AS bytes_in,
    bool_or(
        (sent > 0 AND received > 0)
        OR coalesce(conn_state IN ('S1', 'S2', 'S3', 'SF', 'RSTO', 'RSTR') AND proto = 'tcp', FALSE)
    ) AS two_way,
    min(dst_port) AS dst_port,
    count(DISTINCT dst_port) AS ports,
    first_value(_evidence ORDER BY ts, _evidence, _locator) AS evidence,
    first_value(_locator ORDER BY ts, _evidence, _locator) AS locator
FROM seen
WHERE (valid_from IS NULL OR ts >= valid_from) AND (valid_until IS NULL OR ts < valid_until)
GROUP BY host, ip, proto, inbound, prefix_len, value, label, list_name, list_date, confidence
-- The surest entry first, and of these the most precise.
ORDER BY host, address, proto, inbound, confidence DESC, seen.prefix_len DESC, list, indicator, label, list_date
